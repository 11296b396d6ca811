import * as v from "valibot";

/** How to get the machine's Docker engine: one of these, by `driver`. */
export type MachineSettings = LocalSettings | ContextSettings | SshSettings | DockerMachineSettings;

/** The engine that the docker command talks to on this computer. */
export interface LocalSettings {
  readonly driver: "local";
}

/** The engine of a docker context: of colima, OrbStack, Docker Desktop, lima, or one that `docker context create` has made. */
export interface ContextSettings {
  readonly driver: "context";
  readonly name: string;
}

/** The engine of another computer, through its ssh server. */
export interface SshSettings {
  readonly driver: "ssh";
  /** `user@host` or `user@host:port`; which key and whatever else the ssh command's own config says. */
  readonly address: string;
}

/** A machine that docker-machine makes, as the article does, or adopts where it is there. */
export interface DockerMachineSettings {
  readonly driver: "docker-machine";
  /** @default mia */
  readonly name: string;
  /** docker-machine's own driver: virtualbox, generic, or one for a cloud. @default virtualbox */
  readonly machineDriver: string;
  /** Of virtualbox alone, as the next two; other drivers have options for it. @default 4096 */
  readonly memoryMib?: number | undefined;
  /** @default 32000 */
  readonly diskMib?: number | undefined;
  /** @default docker-machine's own, which is 1 */
  readonly cpus?: number | undefined;
  /** More flags of `create`, without their dashes; a list repeats its flag. */
  readonly options: Readonly<Record<string, Option>>;
  /** Environment variables of the command, such as a cloud's token: never part of a command line. */
  readonly secrets: Readonly<Record<string, string>>;
  /** docker-machine, rancher-machine, or the path of one. @default docker-machine */
  readonly binary: string;
  /** The id of a machine that may be replaced, with all of its data: a refusal names it. */
  readonly replace?: string | undefined;
}

type Option = string | number | boolean | readonly string[];

const contextName = "need a docker context's name, such as colima";
const sshAddress = "need user@host or user@host:port";
const machineName = "need a name of letters, digits, - and dots";
const option = "need a text, a number, true, false or a list of texts";

function mib(minimum: number, maximum: number) {
  const message = `need ${String(minimum)}..${String(maximum)} (MiB)`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(minimum, message), v.maxValue(maximum, message));
}

function text(message: string) {
  return v.pipe(v.string(message), v.nonEmpty(message));
}

const cpus = "need 1..64";

const machineId = "need a machine's id";

/** An object of these keys alone: also of none that every object of JavaScript has, such as `toString`. */
export function exactObject<
  Entries extends v.ObjectEntries,
  Message extends v.ErrorMessage<v.StrictObjectIssue> | undefined = undefined,
>(entries: Entries, message?: Message) {
  const schema = v.strictObject(Object.assign(Object.create(null), entries) as Entries, message);
  const run = schema["~run"].bind(schema);
  const runWithAllKeys: typeof run = (dataset, config) => {
    const result = run(dataset, config);
    const first = result.issues?.find((issue) => issue.expected === "never" && issue.path?.length === 1);
    const [item] = first?.path ?? [];
    // valibot names the first unknown key alone.
    if (first === undefined || item === undefined) return result;
    const input = item.input as Record<string, unknown>;
    const others = Object.keys(input).filter((key) => !Object.hasOwn(entries, key) && key !== item.key);
    const issues = others.map((key) => {
      return { ...first, input: key, received: `"${key}"`, path: [{ ...item, key, value: input[key] }] };
    });
    return { ...result, issues: [...(result.issues ?? []), ...issues] } as typeof result;
  };
  return Object.assign(schema, { "~run": runWithAllKeys });
}

/** An object of keys and values of these kinds: valibot's own takes a list for one. */
export function dictionary<Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  message: string,
) {
  return v.pipe(
    v.custom<Record<string, v.InferInput<Value>>>((input) => !Array.isArray(input), message),
    v.record(key, value, message),
  );
}

/** The value of `mia:machine`. */
export const machine = v.variant(
  "driver",
  [
    exactObject({ driver: v.literal("local") }),
    exactObject(
      {
        driver: v.literal("context"),
        name: v.pipe(v.string(contextName), v.regex(/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/, contextName)),
      },
      contextName,
    ),
    exactObject(
      {
        driver: v.literal("ssh"),
        address: v.pipe(
          v.string(sshAddress),
          v.regex(/^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/, sshAddress),
        ),
      },
      sshAddress,
    ),
    exactObject({
      driver: v.literal("docker-machine"),
      name: v.optional(v.pipe(v.string(machineName), v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, machineName)), "mia"),
      machineDriver: v.optional(
        v.pipe(v.string("need a driver's name"), v.regex(/^[a-z0-9][a-z0-9-]*$/, "need a driver's name")),
        "virtualbox",
      ),
      memoryMib: v.optional(mib(1024, 1_048_576)),
      diskMib: v.optional(mib(4096, 16_777_216)),
      cpus: v.optional(v.pipe(v.number(cpus), v.integer(cpus), v.minValue(1, cpus), v.maxValue(64, cpus))),
      options: v.optional(
        dictionary(
          v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/, "need a flag's name without its dashes")),
          v.union([v.string(), v.number(), v.boolean(), v.array(v.string())], option),
          "need an object such as {generic-ssh-user: root}",
        ),
        {},
      ),
      secrets: v.optional(
        dictionary(
          v.pipe(v.string(), v.regex(/^[A-Z_][A-Z0-9_]*$/, "need an environment variable's name")),
          text("need a text"),
          "need an object such as {DIGITALOCEAN_ACCESS_TOKEN: …}",
        ),
        {},
      ),
      binary: v.optional(text("need a command"), "docker-machine"),
      // `pulumi config set --path` takes one of decimal digits alone for a number.
      replace: v.optional(
        v.pipe(v.union([v.string(), v.number()], machineId), v.transform(String), v.nonEmpty(machineId)),
      ),
    }),
  ],
  "need local, context, ssh or docker-machine",
);

/** The folder of this computer that a machine shows, and the path that it has there. */
export interface Share {
  readonly folder: string;
  readonly path: string;
}

/** What `docker-machine create` is told, but for the machine's name. */
export function createFlags(settings: DockerMachineSettings, share: Share | undefined): string[] {
  const own = settings.machineDriver === "virtualbox" ? virtualbox(settings, share) : {};
  const options = Object.entries({ ...own, ...settings.options });
  return ["-d", settings.machineDriver, ...options.flatMap(([name, value]) => flag(`--${name}`, value))];
}

/** The article's machine, for VirtualBox of today. */
function virtualbox(settings: DockerMachineSettings, share: Share | undefined): Record<string, Option> {
  const { memoryMib = 4096, diskMib = 32_000, cpus } = settings;
  return {
    "virtualbox-memory": memoryMib,
    "virtualbox-disk-size": diskMib,
    ...(cpus === undefined ? {} : { "virtualbox-cpu-count": cpus }),
    // From 6.1.28 on it allows no range but 192.168.56.0/21 unless /etc/vbox/networks.conf does.
    "virtualbox-hostonly-cidr": "192.168.59.1/24",
    ...(share === undefined ? {} : { "virtualbox-share-folder": `${share.folder}:${share.path.slice(1)}` }),
  };
}

function flag(name: string, value: Option): string[] {
  if (typeof value === "boolean") return [value ? name : `${name}=false`];
  return [value].flat().flatMap((one) => [name, String(one)]);
}

/** Flags that a key of its own says, by that key; the last is not to be said at all. */
export const keysOfFlags: Readonly<Record<string, string>> = {
  "virtualbox-memory": "memoryMib",
  "virtualbox-disk-size": "diskMib",
  "virtualbox-cpu-count": "cpus",
  driver: "machineDriver",
};

/** Whether a flag's name says that its value is nobody else's business. */
export function isSecretFlag(name: string): boolean {
  return /secret|token|password|passwd|passphrase|api-key/.test(name);
}

/** Whether folders of this computer can be mounted on the machine: by a share, or since it is this computer. */
export function canMount(settings: MachineSettings): boolean {
  if (settings.driver === "docker-machine") return settings.machineDriver === "virtualbox";
  return settings.driver !== "ssh";
}
