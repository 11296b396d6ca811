import type { Clone } from "../../tests/e2e/support/clone.ts";
import { freePort } from "../../tests/e2e/support/ports.ts";

/** The arguments of a container, as a stack's state keeps them. */
export interface Inputs {
  readonly image: string;
  readonly name?: string;
  readonly hostname?: string;
  readonly command?: readonly string[];
  readonly envs: readonly string[];
  readonly user?: string;
  readonly uploads?: readonly { readonly file: string; readonly content: string }[];
  readonly networksAdvanced: readonly { readonly name: string; readonly aliases: readonly string[] }[];
  readonly ports?: readonly {
    readonly internal: number;
    readonly external: number;
    readonly ip: string;
    readonly protocol?: string;
  }[];
  readonly volumes?: readonly {
    readonly volumeName?: string;
    readonly hostPath?: string;
    readonly containerPath: string;
  }[];
  readonly healthcheck?: {
    readonly tests: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly startPeriod: string;
    readonly retries: number;
  };
  readonly memory: number;
  readonly memorySwap: number;
  readonly capabilities: { readonly drops: readonly string[] };
  readonly securityOpts: readonly string[];
  readonly readOnly: boolean;
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly restart: string;
  readonly stopTimeout: number;
  readonly logOpts: Readonly<Record<string, string>>;
}

/** A container of a platform. */
export interface Part {
  readonly name: string;
  readonly inputs: Inputs;
  /** The containers that it starts after, and whether those have to be well, as where it has an account there. */
  readonly after: ReadonlyMap<string, boolean>;
}

/** A platform as the program has declared it: what its peers are made of, so that they can't be another. */
export interface Declared {
  /** Its name, which is that of its network too. */
  readonly name: string;
  readonly parts: readonly Part[];
  readonly volumes: readonly string[];
  /** What makes the services' users known: to the database, and to RabbitMQ. */
  readonly sql: string;
  readonly queueUsers: { readonly users: readonly object[]; readonly permissions: readonly object[] };
}

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly string[];
}

/** What runs as the stack of a clone, out of its state; under another name and at other ports, where it is to run beside it. */
export async function declaredBy(clone: Clone, stack: string, name: string): Promise<Declared> {
  const { stdout } = await clone.mustPulumi("stack", "export", "--show-secrets", "--stack", stack);
  const text = stdout.replaceAll(new RegExp(`\\bmia-${stack}\\b`, "g"), name);
  const resources = (plain(JSON.parse(text)) as { deployment: { resources: Resource[] } }).deployment.resources;
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const containers = ofType(container);
  const parts: Part[] = [];
  for (const { urn, inputs } of containers) {
    parts.push({
      name: title(urn),
      inputs: await elsewhere(inputs as unknown as Inputs),
      after: containersBefore(urn, byUrn),
    });
  }
  const said = ofType("command:local:Command").flatMap(({ inputs }) => {
    const { create, stdin } = inputs as { create: string; stdin?: string };
    return stdin === undefined ? [] : [{ create, stdin }];
  });
  const definitions = said
    .filter(({ create }) => create.includes("/api/definitions"))
    .map(({ stdin }) => JSON.parse(stdin) as Declared["queueUsers"]);
  return {
    name,
    parts,
    volumes: ofType("docker:index/volume:Volume").map(({ inputs }) => String(inputs?.["name"])),
    sql: said
      .filter(({ create }) => create.includes(" mysql "))
      .map(({ stdin }) => stdin)
      .join(""),
    queueUsers: {
      users: definitions.flatMap(({ users }) => users),
      permissions: definitions.flatMap(({ permissions }) => permissions),
    },
  };
}

const container = "docker:index/container:Container";

/** The port at which a part's own port is published. */
export function publishedPort({ parts }: Declared, part: string, internal: number): number {
  const { ports = [] } = parts.find(({ name }) => name === part)?.inputs ?? {};
  const port = ports.find((one) => one.internal === internal);
  if (port === undefined) throw new Error(`${part} publishes no port ${String(internal)}`);
  return port.external;
}

/** The name of a resource's URN. */
function title(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** Also those that are reached by way of what is no container: the command that makes an account waits until they are well. */
function containersBefore(urn: string, byUrn: ReadonlyMap<string, Resource>): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const look = (one: string, well: boolean) => {
    for (const before of byUrn.get(one)?.dependencies ?? []) {
      if (byUrn.get(before)?.type === container) found.set(title(before), well || found.get(title(before)) === true);
      else look(before, true);
    }
  };
  look(urn, false);
  return found;
}

/** At ports that are free. */
async function elsewhere(inputs: Inputs): Promise<Inputs> {
  const ports: NonNullable<Inputs["ports"]>[number][] = [];
  for (const port of inputs.ports ?? []) ports.push({ ...port, external: await freePort() });
  return { ...inputs, ports };
}

/** A secret of the state is an object with its value as JSON; the rest stays as it is. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("plaintext" in value) return JSON.parse(value.plaintext as string);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
