import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { docker as run, dockerLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";
import type { There } from "./machine/there.ts";
import { valueOf } from "./value.ts";

/**
 * Takes away, in good order, every container of this stack that is there but these: those that are replaced now, and those
 * that an `up` that was killed has left, which no state knows. Pulumi's own deletion then finds them gone.
 */
export async function sweep(
  known: readonly docker.Container[],
  { containers }: There,
  machine: Machine,
  resource: pulumi.Resource,
): Promise<void> {
  const ids = new Set(await Promise.all(known.map(({ id }) => valueOf(id))));
  const own = await valueOf(machine.stackId);
  const left = containers.filter(({ id, stack }) => stack === own && !ids.has(id));
  await Promise.all(left.map(({ id, name }) => remove(id, name, machine, resource)));
}

async function remove(id: string, name: string, { address }: Machine, resource: pulumi.Resource): Promise<void> {
  await pulumi.log.info(`${name} is not needed any more: it answers what it has been asked, and ends`, resource);
  // It may take as long as it was made with.
  const stopped = await dockerLines(address, ["stop", id]);
  const removed = stopped.ok ? await run(address, "rm", "--volumes", id) : stopped;
  if (!removed.ok) await pulumi.log.warn(`${name} can't be taken away: ${removed.why}`, resource);
}
