import { type Address, docker } from "./docker.ts";

/** A container as an engine lists it. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  /** The platform and the stack that it is of; empty where it is of none. */
  readonly platform: string;
  readonly stack: string;
  /** Such as `Up 5 minutes (healthy)`. */
  readonly status: string;
  /** Such as `127.0.0.1:80->80/tcp, …`. */
  readonly ports: string;
}

/** A volume as an engine lists it. */
export interface ListedVolume {
  readonly name: string;
  /** The stack that it is of; empty where it is of none. */
  readonly stack: string;
}

/** What is on an engine at one moment. */
export interface There {
  readonly containers: readonly ListedContainer[];
  readonly volumes: readonly ListedVolume[];
  /** Why the engine does not say it; empty where it does. */
  readonly why: string;
}

export const nothing: There = { containers: [], volumes: [], why: "" };

/** What is on an engine now: two questions, side by side, in place of one about each thing. */
export async function thereOn(address: Address): Promise<There> {
  const [containers, volumes] = await Promise.all([
    docker(address, "ps", "--all", "--no-trunc", "--format", containerFormat),
    docker(address, "volume", "ls", "--format", volumeFormat),
  ]);
  return {
    containers: rows(containers.stdout).map(
      ([id = "", name = "", platform = "", stack = "", status = "", ports = ""]) => ({
        id,
        name,
        platform,
        stack,
        status,
        ports,
      }),
    ),
    volumes: rows(volumes.stdout).map(([name = "", stack = ""]) => ({ name, stack })),
    why: containers.ok ? (volumes.ok ? "" : volumes.why) : containers.why,
  };
}

const containerFormat =
  '{{.ID}}\t{{.Names}}\t{{.Label "mia.platform"}}\t{{.Label "mia.stack"}}\t{{.Status}}\t{{.Ports}}';
const volumeFormat = '{{.Name}}\t{{.Label "mia.stack"}}';

function rows(text: string): string[][] {
  return text === "" ? [] : text.split("\n").map((line) => line.split("\t"));
}

/** Whether a container runs, and is well where that is checked. */
export function isWell({ containers }: There, id: string): boolean {
  const status = containers.find((container) => container.id === id)?.status ?? "";
  return /^Up [^()]*(\(healthy\))?$/.test(status);
}
