import { differences, type Facts, factsOf } from "../../../review/facts.ts";
import { render } from "../../../review/render.ts";
import type { Clone } from "./clone.ts";
import type { OwnEngine } from "./own-engine.ts";

/** A container that runs, as far as it is looked at: `docker inspect`. */
export interface Running {
  /** What it is in the program, `user-2`. */
  readonly resource: string;
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly StartedAt: string };
  readonly Config: {
    readonly Image: string;
    readonly Env: readonly string[];
    readonly Cmd: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Hostname: string;
    readonly User: string;
    readonly StopTimeout?: number;
    readonly Healthcheck?: {
      readonly Test: readonly string[];
      readonly Interval: number;
      readonly Timeout: number;
      readonly StartPeriod: number;
      readonly Retries: number;
    };
  };
  readonly HostConfig: {
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly NetworkMode: string;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly ReadonlyRootfs: boolean;
    readonly Tmpfs?: Readonly<Record<string, string>>;
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Config: Readonly<Record<string, string>> };
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>> | null;
  };
  readonly Mounts: readonly { Type: string; Name?: string; Source: string; Destination: string }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { Aliases: readonly string[] | null }>> };
}

interface Image {
  readonly Id: string;
  readonly Config: {
    readonly Env: readonly string[];
    readonly Cmd: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly User: string;
  };
}

/** All containers of the engine; each has to be one of the stack's state, and each of the state has to be there. */
export async function running(clone: Clone, engine: OwnEngine): Promise<Running[]> {
  const { stdout } = await clone.mustPulumi("stack", "export");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { type: string; urn: string; id?: string; delete?: boolean }[] };
  };
  const known = new Map(
    deployment.resources
      .filter(({ type }) => type === "docker:index/container:Container")
      .map(({ id = "", urn }) => [id, urn.split("::").at(-1) ?? ""]),
  );
  const ids = (await engine.must("ps", "--all", "--quiet", "--no-trunc")).split("\n");
  const strange = [...ids.filter((id) => !known.has(id)), ...[...known.keys()].filter((id) => !ids.includes(id))];
  if (strange.length > 0) {
    throw new Error(
      `known to the engine or to the state alone: ${strange.map((id) => known.get(id) ?? id).join(", ")}`,
    );
  }
  const inspected = JSON.parse(await engine.must("inspect", ...ids)) as Omit<Running, "resource">[];
  return inspected.map((one) => ({ ...one, resource: known.get(one.Id) ?? "" }));
}

/** In what the containers that run differ from those of the golden text of the clone as it is, a sentence each. */
export async function unlikeGolden(clone: Clone, engine: OwnEngine, containers: readonly Running[]): Promise<string[]> {
  const golden = await clone.run("node", ["review/record.ts", "dev"]);
  if (golden.code !== 0) throw new Error(`the clone can't be recorded:\n${golden.output}`);
  const said = containersIn(factsOf(golden.stdout));
  const secrets = await secretsOf(clone);
  const blocks = await Promise.all(
    containers.map(async (one) => {
      const [image] = JSON.parse(await engine.must("image", "inspect", one.Config.Image)) as [Image];
      const facts = said.get(one.resource);
      const files = [...(facts ?? [])].flatMap(([what, values]) => (/^uploads.*\.file$/.test(what) ? values : []));
      const uploads = await Promise.all(
        files.map((file) => upload(engine, one.Id, JSON.parse(file) as string, secrets)),
      );
      const inputs = { ...inputsOf(one, image, facts), uploads };
      return render("", [{ ...nowhere, type, name: one.resource, inputs }], {});
    }),
  );
  const text = blocks
    .flatMap((block) => block.split("\n\n").filter((part) => part.startsWith(type)))
    .join("\n\n")
    .replaceAll(clone.folder, "<clone>")
    .replaceAll(/(?<=^ {2}user = )"\d+:\d+"$/gm, '"<owner of the folder>"')
    .replaceAll(engine.host.replace("unix://", ""), "/var/run/docker.sock")
    .replaceAll(/\bmia-dev\b/g, "<platform>");
  return differences(said, containersIn(factsOf(text))).map(
    ({ resource, what, before, after }) =>
      `${resource}: ${what} is ${JSON.stringify(after)}, and ${JSON.stringify(before)} in the golden text`,
  );
}

const type = "docker:index/container:Container";
const nowhere = { parent: "", dependsOn: [], options: {} };

/** What Docker does not know of a container. */
const unseen = /^(in|after|option .*|wait|destroyGraceSeconds)$/;

/** The containers' facts by name; those of a list in the order of their values. */
function containersIn(facts: Facts): Facts {
  const containers = [...facts].filter(([resource]) => resource.startsWith(`${type}::`));
  return new Map(
    containers.map(([resource, all]) => {
      const seen = [...all].filter(([what]) => !unseen.test(what));
      const plain = seen.map(([what, values]) => [what, values.flatMap(itemsOf)] as const);
      return [resource.slice(type.length + 2), new Map(plain.filter(([, values]) => values.length > 0))];
    }),
  );
}

/** A short list stands in one line. */
function itemsOf(value: string): string[] {
  const list = /^\[.*\]$/.test(value) ? listIn(value) : undefined;
  return list === undefined ? [value] : list.map((item) => JSON.stringify(item));
}

/** None where it is a line of a text, such as `[client]` of an options file. */
function listIn(value: string): unknown[] | undefined {
  try {
    return JSON.parse(value) as unknown[];
  } catch {
    return undefined;
  }
}

/** A container as the program's arguments. What it has of its image is none of them, unless they say the same. */
function inputsOf(one: Running, image: Image, said: ReadonlyMap<string, readonly string[]> | undefined) {
  const { Config, HostConfig, Mounts, NetworkSettings } = one;
  const isOwn = (what: string, ofImage: boolean, text: string) => !ofImage || said?.get(what)?.includes(text);
  const short = one.Id.slice(0, 12);
  return {
    envs: Config.Env.filter((item) => isOwn("envs", image.Config.Env.includes(item), JSON.stringify(item))),
    labels: Object.entries(Config.Labels)
      .filter(([label, value]) => isOwn("labels", image.Config.Labels?.[label] === value, `${label}=${value}`))
      .map(([label, value]) => ({ label, value: label === "mia.stack" ? "(id of mia-engine)" : value })),
    // Its name may have come to mean another since.
    image: image.Id === one.Image ? Config.Image : `${Config.Image} as it was`,
    ...(JSON.stringify(Config.Cmd) === JSON.stringify(image.Config.Cmd) ? {} : { command: Config.Cmd }),
    ...(Config.Hostname === short ? {} : { hostname: Config.Hostname }),
    ...(/-[0-9a-f]{7}$/.test(one.Name) ? {} : { name: one.Name.slice(1) }),
    memory: HostConfig.Memory / 1024 ** 2,
    memorySwap: HostConfig.MemorySwap / 1024 ** 2,
    networkMode: HostConfig.NetworkMode,
    ...(isOwn("user", Config.User === image.Config.User, JSON.stringify(Config.User)) ? { user: Config.User } : {}),
    capabilities: { drops: HostConfig.CapDrop ?? [] },
    securityOpts: HostConfig.SecurityOpt ?? [],
    readOnly: HostConfig.ReadonlyRootfs,
    tmpfs: HostConfig.Tmpfs ?? {},
    networksAdvanced: Object.entries(NetworkSettings.Networks).map(([name, { Aliases }]) => ({
      name,
      aliases: (Aliases ?? []).filter((alias) => alias !== short),
    })),
    ports: Object.entries(HostConfig.PortBindings ?? {}).flatMap(([port, places]) => {
      const [internal = "", protocol] = port.split("/");
      return places.map(({ HostIp, HostPort }) => ({
        ip: HostIp,
        external: Number(HostPort),
        internal: Number(internal),
        protocol,
      }));
    }),
    // One without a name is the image's.
    volumes: Mounts.filter(({ Name = "" }) => !/^[0-9a-f]{64}$/.test(Name)).map((mount) => ({
      ...(mount.Type === "bind" ? { hostPath: mount.Source } : { volumeName: mount.Name }),
      containerPath: mount.Destination,
    })),
    ...(Config.Healthcheck === undefined ? {} : { healthcheck: checkOf(Config.Healthcheck) }),
    restart: HostConfig.RestartPolicy.Name,
    ...(Config.StopTimeout === undefined ? {} : { stopTimeout: Config.StopTimeout }),
    logOpts: HostConfig.LogConfig.Config,
  };
}

/** The passwords in the clone's state, by name. */
async function secretsOf(clone: Clone): Promise<Map<string, string>> {
  const { stdout } = await clone.mustPulumi("stack", "export", "--show-secrets");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { type: string; urn: string; outputs?: { result?: { plaintext: string } } }[] };
  };
  const passwords = deployment.resources.flatMap(({ type, urn, outputs }): [string, string][] => {
    if (type !== "random:index/randomPassword:RandomPassword" || outputs?.result === undefined) return [];
    return [[urn.split("::").at(-1) ?? "", JSON.parse(outputs.result.plaintext) as string]];
  });
  return new Map(passwords);
}

/** A file of a container, with the name of a secret in its place. */
async function upload(engine: OwnEngine, id: string, file: string, secrets: ReadonlyMap<string, string>) {
  // As tar has it: its mode, its size, and what is in it.
  const { stdout: tar } = await engine.docker("cp", `${id}:${file}`, "-");
  const content = tar.slice(512, 512 + parseInt(tar.slice(124, 135), 8));
  const known = [...secrets].reduce((text, [name, secret]) => text.replaceAll(secret, `(secret of ${name})`), content);
  return { file, content: known, permissions: tar.slice(103, 107) };
}

function checkOf({ Test, Interval, Timeout, StartPeriod, Retries }: NonNullable<Running["Config"]["Healthcheck"]>) {
  return {
    tests: Test,
    interval: duration(Interval),
    timeout: duration(Timeout),
    startPeriod: duration(StartPeriod),
    retries: Retries,
  };
}

/** As Go writes it: `1m30s`. */
function duration(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9;
  return seconds < 60 ? `${String(seconds)}s` : `${String(Math.floor(seconds / 60))}m${String(seconds % 60)}s`;
}
