import { isIPv4 } from "node:net";
import * as v from "valibot";
import { type Environment, kinds } from "./environment.ts";
import { ConfigError, type Problem } from "./problem.ts";

const port = v.pipe(
  v.string(),
  v.regex(/^-?\d+$/, "need an integer"),
  v.transform(Number),
  v.minValue(1, "need 1..65535"),
  v.maxValue(65535, "need 1..65535"),
);

/** One that may stay unpublished. */
const optionalPort = v.pipe(
  v.string(),
  v.regex(/^-?\d+$/, "need an integer"),
  v.transform(Number),
  v.minValue(0, "need 1..65535, or 0 for none"),
  v.maxValue(65535, "need 1..65535, or 0 for none"),
);

const replicaCount = "need 1..50";

/** What the engine hands over as text. */
function json(message: string) {
  return v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
    try {
      return JSON.parse(dataset.value) as unknown;
    } catch {
      addIssue({ message });
      return NEVER;
    }
  });
}

/** Every key of a stack's config below `mia:`. Pulumi.yaml has their types, defaults and descriptions. */
const schema = v.strictObject(
  {
    machine: v.pipe(
      v.string(),
      json("need an object such as {driver: local}"),
      v.strictObject(
        { driver: v.literal("local", "need local") },
        "need an object with the one key driver, such as {driver: local}",
      ),
    ),
    images: v.pipe(
      v.string(),
      v.regex(/^$|^[a-z0-9][a-z0-9._:/-]*\/$/, "need a registry and path that ends with a slash, or nothing"),
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
    kind: v.picklist(Object.keys(kinds) as (keyof typeof kinds)[], `need ${Object.keys(kinds).join(" or ")}`),
    publishAddress: v.pipe(v.string(), v.ipv4("need an IPv4 address such as 127.0.0.1")),
    serviceAddress: v.pipe(
      v.string(),
      v.check(
        // Consul, in a container, would ask itself at a loopback address.
        (value) => value === "" || (isIPv4(value) && !/^(0|127)\./.test(value)),
        "need an IPv4 address of the machine such as 172.17.0.1, or nothing",
      ),
    ),
    httpPort: port,
    statusPort: port,
    consulPort: port,
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
  replicas: "--path mia:replicas.user 2",
  kind: "mia:kind development",
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

/**
 * Makes a stack's config into an Environment.
 * @throws ConfigError that names all problems at once.
 */
export function readEnvironment({ project, stack, values, defaultImages }: StackSource): Environment {
  const source = `Pulumi.${stack}.yaml`;
  const own = Object.entries(values)
    .filter(([key]) => key.startsWith(`${project}:`))
    .map(([key, value]) => [key.slice(project.length + 1), value]);
  const config = Object.fromEntries(own) as Record<string, string>;
  const result = v.safeParse(schema, { ...config, images: imagesOf(config, defaultImages) });
  if (!result.success) {
    throw new ConfigError(result.issues.map((issue) => problem(source, project, config, issue)));
  }
  const { kind, machine, images, replicas, publishAddress, serviceAddress, ...ports } = result.output;
  return {
    ...kinds[kind],
    platform: `${project}-${stack}`,
    kind,
    source,
    machine,
    images,
    replicas,
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

/** An empty `mia:images` leaves the choice to the surroundings. */
function imagesOf(config: Record<string, string>, fallback = ""): string | undefined {
  return config["images"] === "" ? fallback : config["images"];
}

function problem(
  file: string,
  project: string,
  config: Record<string, string>,
  issue: v.InferIssue<typeof schema>,
): Problem {
  const key = String(issue.path?.[0].key);
  const name = `${project}:${v.getDotPath(issue) ?? key}`;
  if (!(key in schema.entries) || issue.expected === "never") {
    const path = name.slice(project.length + 1) === key ? name : `--path ${name}`;
    return { where: `${file}: ${name}`, got: "a key that does not exist", fix: `pulumi config rm ${path}` };
  }
  if (key === "images" && config[key] === "") {
    return {
      where: "the environment variable MIA_IMAGES",
      got: JSON.stringify(issue.input),
      need: issue.message,
      fix: "unset MIA_IMAGES, or end it with a slash",
    };
  }
  const got = issue.input === undefined ? "nothing" : JSON.stringify(issue.input);
  const ofOne = key === "replicas" && name !== `${project}:replicas`;
  const example = ofOne ? `--path ${name} 2` : (examples[key] ?? name);
  return { where: `${file}: ${name}`, got, need: issue.message, fix: `pulumi config set ${example}` };
}
