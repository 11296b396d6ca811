import { type Address, docker } from "./docker.ts";
import type { Named } from "./taken-names.ts";

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

/** The containers of an engine at one moment. */
export interface There {
  readonly containers: readonly ListedContainer[];
  /** Why the engine does not say it; empty where it does. */
  readonly why: string;
}

/** Which containers an engine has now, also those that are stopped: one question in place of one about each. */
export async function thereOn(address: Address): Promise<There> {
  const { ok, stdout, why } = await docker(address, "ps", "--all", "--no-trunc", "--format", format);
  const lines = stdout === "" ? [] : stdout.split("\n");
  const containers = lines.map((line) => {
    const [id = "", names = "", platform = "", stack = "", status = "", ports = ""] = line.split("\t");
    // The others are what containers call it that are linked to it.
    const name = names.split(",").find((one) => !one.includes("/")) ?? names;
    return { id, name, platform, stack, status, ports };
  });
  return { containers, why: ok ? "" : why };
}

/** An answer of an engine, which may still be on its way, and when it was asked for. */
export interface Listing {
  readonly there: Promise<There>;
  readonly at: number;
}

export function list(address: Address): Listing {
  return { there: thereOn(address), at: Date.now() };
}

const format = '{{.ID}}\t{{.Names}}\t{{.Label "mia.platform"}}\t{{.Label "mia.stack"}}\t{{.Status}}\t{{.Ports}}';

/** Whether a container runs, and is well where that is checked. */
export function isWell({ containers }: There, id: string): boolean {
  const status = containers.find((container) => container.id === id)?.status ?? "";
  return /^Up [^()]*(\(healthy\))?$/.test(status);
}

/** Whether a container has its ports: one that has ended may still be listed with them. */
export function hasPorts({ status }: ListedContainer): boolean {
  return /^(Up|Restarting)\b/.test(status);
}

export function namesOf({ containers }: There): Named[] {
  return containers.map(({ name, stack }) => ({ kind: "container", name, stack }));
}
