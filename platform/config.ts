import { isIPv4 } from "node:net";
import * as v from "valibot";
import { configPath, shellWord } from "./config-path.ts";
import { type Declared, type Environment, kinds, setCommand } from "./environment.ts";
import { exactObject, machine } from "./machine.ts";
import { ConfigError, type Problem, shown } from "./problem.ts";

function port(zero: string) {
  const message = `need 1..65535, or 0 for ${zero}`;
  return v.pipe(
    v.string(),
    v.regex(/^-?\d+$/, "need an integer"),
    v.transform(Number),
    v.minValue(0, message),
    v.maxValue(65535, message),
  );
}

/** One that an `up` itself needs. */
export const neededPort = v.pipe(
  port("a free one"),
  v.transform((number) => (number === 0 ? ("free" as const) : number)),
);

/** One that may stay unpublished. */
const optionalPort = port("none");

/** What names of upstream images are appended to. */
export const images = v.pipe(
  v.string(),
  v.regex(/^$|^[a-z0-9][a-z0-9._:/-]*\/$/, "need a registry and path that ends with a slash, or nothing"),
);

/** Where ports are published. */
export const publishAddress = v.pipe(v.string(), v.ipv4("need an IPv4 address such as 127.0.0.1"));

/** The same, which may be left to the machine. */
const anyPublishAddress = v.pipe(
  v.string(),
  v.check((value) => value === "" || isIPv4(value), "need an IPv4 address such as 127.0.0.1, or nothing"),
);

const registryAddress = "need a registry's host, with its port and path, such as registry.example:5000/team";

const replicaCount = "need 1..50";

const version = "need an image's tag, 12 digits of 0-9 and a-f, such as 25833409863c";

const serviceNames = "need a list of services such as [user]";

const discarded = "need a list of volumes as a refusal names them, such as mia-qa-data@2026-11-26T21:13:31Z";

/** An object, or a list, which the engine hands over as text. */
function json(message: string, list = false) {
  return v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
    const value = parsed(dataset.value);
    if (value !== undefined && (list || !Array.isArray(value))) return value;
    addIssue({ message });
    return NEVER;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, refuseInherited);
  } catch {
    return undefined;
  }
}

/** What valibot would leave out of an object without a word, since every object of JavaScript has it already. */
function refuseInherited(key: string, value: unknown): unknown {
  if (["__proto__", "constructor", "prototype"].includes(key)) throw new Error(key);
  return value;
}

/** Every key of a stack's config below `mia:`. Pulumi.yaml has their types, defaults and descriptions. */
export const schema = exactObject(
  {
    machine: v.pipe(v.string(), json("need an object such as {driver: local}"), machine),
    images,
    registry: v.pipe(
      v.string(),
      json("need an object such as {address: registry.example:5000}"),
      exactObject(
        {
          address: v.optional(
            v.pipe(
              v.string(registryAddress),
              // As Docker tells a registry's host from a name on Docker Hub.
              v.regex(/^(localhost|[a-z0-9-]*[.:][a-z0-9.:-]*)(\/[a-z0-9._-]+)*$/, registryAddress),
            ),
          ),
          user: v.optional(v.pipe(v.string("need a name"), v.nonEmpty("need a name"))),
          password: v.optional(v.pipe(v.string("need a text"), v.nonEmpty("need a text"))),
        },
        "need an object with the keys address, user and password",
      ),
      v.forward(
        v.check(({ address, user }) => address !== undefined || user === undefined, registryAddress),
        ["address"],
      ),
      v.forward(
        v.check(
          ({ user, password }) => user !== undefined || password === undefined,
          "need a name, since there is a password",
        ),
        ["user"],
      ),
      v.forward(
        v.check(
          ({ user, password }) => password !== undefined || user === undefined,
          "need one, since there is a user",
        ),
        ["password"],
      ),
    ),
    services: v.pipe(
      v.string(),
      json(serviceNames, true),
      v.array(v.pipe(v.string(serviceNames), v.nonEmpty(serviceNames)), serviceNames),
    ),
    replicas: v.pipe(
      v.string(),
      json("need an object such as {user: 2}"),
      v.record(
        v.string(),
        v.pipe(
          v.number(replicaCount),
          v.integer(replicaCount),
          v.minValue(1, replicaCount),
          v.maxValue(50, replicaCount),
        ),
        "need an object such as {user: 2}",
      ),
    ),
    versions: v.pipe(
      v.string(),
      json("need an object such as {user: 25833409863c}"),
      v.record(
        v.string(),
        // `pulumi config set --path` takes one of decimal digits alone for a number.
        v.pipe(v.union([v.string(), v.number()], version), v.transform(String), v.regex(/^[0-9a-f]{12}$/, version)),
        "need an object such as {user: 25833409863c}",
      ),
    ),
    discard: v.pipe(
      v.string(),
      json(discarded, true),
      v.array(v.pipe(v.string(discarded), v.regex(/^[A-Za-z0-9][\w.-]*@\S+$/, discarded)), discarded),
    ),
    mode: v.pipe(
      v.string(),
      v.regex(
        /^$|^[a-z][a-z0-9_]{0,19}$/,
        "need a word of up to 20 small letters, digits and _, such as staging, or nothing",
      ),
    ),
    kind: v.picklist(Object.keys(kinds) as (keyof typeof kinds)[], `need ${Object.keys(kinds).join(" or ")}`),
    publishAddress: anyPublishAddress,
    serviceAddress: v.pipe(
      v.string(),
      v.check(
        // Consul, in a container, would ask itself at a loopback address.
        (value) => value === "" || (isIPv4(value) && !/^(0|127)\./.test(value)),
        "need an IPv4 address of the machine such as 172.17.0.1, or nothing",
      ),
    ),
    httpPort: neededPort,
    statusPort: neededPort,
    consulPort: neededPort,
    consulServerPort: optionalPort,
    consulDnsPort: optionalPort,
    rmqManagementPort: optionalPort,
  },
  "need a value",
);

/** An example for each key, named as the way out when its value is wrong. */
const examples: Record<string, string> = {
  machine: "--path mia:machine.driver local",
  images: "mia:images registry.example/mirror/",
  registry: "--path mia:registry.address registry.example:5000",
  services: "--path 'mia:services[0]' user",
  replicas: "--path mia:replicas.user 2",
  versions: "--path mia:versions.user 25833409863c",
  discard: "--path 'mia:discard[0]' mia-qa-data@2026-11-26T21:13:31Z",
  kind: "mia:kind development",
  mode: "mia:mode staging",
  publishAddress: "mia:publishAddress 127.0.0.1",
  serviceAddress: "mia:serviceAddress 172.17.0.1",
  httpPort: "mia:httpPort 80",
  statusPort: "mia:statusPort 8181",
  consulPort: "mia:consulPort 8500",
  consulServerPort: "mia:consulServerPort 8300",
  consulDnsPort: "mia:consulDnsPort 8600",
  rmqManagementPort: "mia:rmqManagementPort 15672",
};

/** What the reader needs to know of the stack. */
export interface StackSource {
  readonly project: string;
  readonly stack: string;
  /** Every config value as the engine gives it: `mia:httpPort` → `80`. */
  readonly values: Readonly<Record<string, string>>;
  /** Stands in for `mia:images` where that is empty. */
  readonly defaultImages?: string | undefined;
}

/** What a stack's config may hold. */
export interface Settings<Values> {
  /** The stack's file, for messages. */
  readonly file: string;
  /** Every key below the project's name. */
  readonly schema: v.GenericSchema<unknown, Values> & { readonly entries: Readonly<Record<string, unknown>> };
  /** An example for each key, named as the way out when its value is wrong. */
  readonly examples: Readonly<Record<string, string>>;
}

/**
 * A stack's config, read by its schema.
 * @throws ConfigError that names all problems at once.
 */
export function readSettings<Values>(stack: StackSource, settings: Settings<Values>): Values {
  const { project, values, defaultImages } = stack;
  const own = Object.entries(values)
    .filter(([key]) => key.startsWith(`${project}:`))
    .map(([key, value]) => [key.slice(project.length + 1), value]);
  const config = Object.fromEntries(own) as Record<string, string>;
  // An empty one leaves the choice to the surroundings.
  const images = config["images"] === "" ? (defaultImages ?? "") : config["images"];
  const result = v.safeParse(
    settings.schema,
    { ...config, ...(images === undefined ? {} : { images }) },
    { abortPipeEarly: true },
  );
  if (result.success) return result.output;
  throw new ConfigError(result.issues.map((issue) => problem(settings, project, config, issue)));
}

/**
 * Makes a stack's config into an Environment, all but the ports that its machine chooses.
 * @throws ConfigError that names all problems at once.
 */
export function readEnvironment(stack: StackSource): Declared<Environment> {
  const { project } = stack;
  const source = `Pulumi.${stack.stack}.yaml`;
  const settings = readSettings(stack, { file: source, schema, examples });
  const {
    kind,
    mode,
    machine,
    images,
    registry,
    services,
    replicas,
    versions,
    discard,
    publishAddress,
    serviceAddress,
    ...ports
  } = settings;
  const { address, user, password } = registry;
  const login = user === undefined || password === undefined ? {} : { login: { user, password } };
  return {
    ...kinds[kind],
    ...(mode === "" ? {} : { mode }),
    project,
    platform: `${project}-${stack.stack}`,
    kind,
    source,
    machine,
    images,
    ownImages: `${address === undefined ? "" : `${address}/`}${project}-`,
    ...(address === undefined ? {} : { registry: { address, ...login } }),
    services,
    replicas,
    versions,
    discard,
    publishAddress,
    serviceAddress,
    ports: {
      http: ports.httpPort,
      status: ports.statusPort,
      consul: ports.consulPort,
      consulServer: ports.consulServerPort,
      consulDns: ports.consulDnsPort,
      rmqManagement: ports.rmqManagementPort,
    },
  };
}

function problem(
  { file, schema, examples }: Settings<unknown>,
  project: string,
  config: Record<string, string>,
  issue: v.BaseIssue<unknown>,
): Problem {
  const keys = (issue.path ?? []).map((item) => item.key as string | number);
  const key = String(keys[0]);
  const name = configPath(project, keys);
  const where = `${file}: ${name}`;
  if (!Object.hasOwn(schema.entries, key) || issue.expected === "never") {
    const path = keys.length > 1 || /[.[]/.test(key) ? "--path " : "";
    return { where, got: "a key that does not exist", fix: `pulumi config rm ${path}${shellWord(name)}` };
  }
  if (key === "images" && config[key] === "") {
    return {
      where: "the environment variable MIA_IMAGES",
      got: withoutSecret(name, issue.input),
      need: issue.message,
      fix: "unset MIA_IMAGES, or end it with a slash",
    };
  }
  // A rule about several keys has all of their values as its input.
  const value: unknown = key === "registry" ? issue.path?.at(-1)?.value : issue.input;
  return {
    where,
    got: withoutSecret(name, value),
    need: issue.message,
    fix: `${setCommand(file)} ${exampleOf(key, name) ?? examples[key] ?? name}`,
  };
}

/** A value as it may be shown: whatever could hold a password is not. */
function withoutSecret(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : shown(value);
  // An object that could not be read, or a URL with a password.
  const holdsOne =
    /:[^/@]+@/.test(text) || (/:(machine|registry)$/.test(name) && /[\s{[:=]/.test(text) && text.length > 2);
  const isPlace = name.endsWith(":registry.address");
  if (/:machine[.[]["]?(options|secrets)\b/.test(name) || holdsOne) return hidden;
  if (/:registry\b/.test(name) && value !== undefined && (!isPlace || text.includes("@"))) return hidden;
  return shown(value);
}

const hidden = "something else, which may be a secret";

function isSecret(name: string): boolean {
  return name.endsWith(":registry.password") || /:machine\.secrets[.[]/.test(name);
}

/** An example for each key of a machine, and for each of its options. */
const machineExamples: Readonly<Record<string, string>> = {
  name: "mia",
  address: "root@host.example",
  machineDriver: "virtualbox",
  memoryMib: "4096",
  diskMib: "32000",
  cpus: "2",
  options: ".generic-ssh-user root",
  secrets: ".DIGITALOCEAN_ACCESS_TOKEN --secret",
  binary: "docker-machine",
};

/** An example for a part of a key's value. */
function exampleOf(key: string, name: string): string | undefined {
  const path = `--path ${shellWord(name)}`;
  if (key === "replicas" && !name.endsWith(":replicas")) return `${path} 2`;
  if (key === "versions" && !name.endsWith(":versions")) return `${path} 25833409863c`;
  if (name.endsWith(":registry.user")) return `${path} ci`;
  if (isSecret(name)) return `--secret ${path}`;
  const example = machineExamples[/:machine\.(\w+)$/.exec(name)?.[1] ?? ""];
  if (example !== undefined) return `${path}${example.startsWith(".") ? "" : " "}${example}`;
  if (/:machine\.options[.[]/.test(name)) return `${path} value`;
  return undefined;
}
