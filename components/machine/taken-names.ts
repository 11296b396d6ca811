import { RunError } from "@pulumi/pulumi";
import type { Place } from "../../platform/environment.ts";
import type { Problem } from "../../platform/problem.ts";
import { type Address, docker } from "./docker.ts";

/** What of a stack can have a fixed name. */
export type Kind = "network" | "volume" | "container";

/** A fixed name, as a stack declares it. */
export interface Name {
  readonly kind: Kind;
  readonly name: string;
}

/** A name on an engine, and the stack that has it; empty where none of ours does. */
export interface Named extends Name {
  readonly stack: string;
}

/**
 * All that an engine has of a kind.
 * @throws RunError where the engine does not say.
 */
export async function named(kind: "network" | "volume", address: Address): Promise<Named[]> {
  const { ok, stdout, why } = await docker(address, kind, "ls", "--format", '{{.Name}}\t{{.Label "mia.stack"}}');
  if (!ok) throw new RunError(`The engine does not list its ${kind}s: ${why}`);
  const lines = stdout === "" ? [] : stdout.split("\n");
  return lines.map((line) => {
    const [name = "", stack = ""] = line.split("\t");
    return { kind, name, stack };
  });
}

/** The names that a stack declares and something else has: Docker would refuse some, and take over a volume's data. */
export function takenNames(
  { platform, source }: Pick<Place, "platform" | "source">,
  declared: readonly Name[],
  there: readonly Named[],
  stackId: string | undefined,
): Problem[] {
  const foreign = new Set(there.filter(({ stack }) => stack !== stackId).map(({ kind, name }) => `${kind} ${name}`));
  const taken = declared.map(({ kind, name }) => `${kind} ${name}`).filter((name) => foreign.has(name));
  if (taken.length === 0) return [];
  return [
    {
      where: `${source}: ${platform}`,
      got: `names that are on the engine already, and not this stack's (${taken.sort().join(", ")})`,
      need: "need names that nobody has",
      fix: "remove those, or take a stack of another name (`pulumi stack init NAME --copy-config-from …`)",
    },
  ];
}
