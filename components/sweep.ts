import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { docker as run, dockerLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";

/**
 * Takes away, in good order, every container of this stack but these: those that are replaced now, and those that an `up` that
 * was killed has left, which no state knows. Pulumi's own deletion then finds them gone.
 */
export async function sweep(known: readonly docker.Container[], machine: Machine): Promise<void> {
  const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((done) => output.apply(done));
  const ids = new Set(await Promise.all(known.map(({ id }) => valueOf(id))));
  const label = `label=mia.stack=${await valueOf(machine.stackId)}`;
  const list = await run(machine.address, "ps", "--all", "--quiet", "--no-trunc", "--filter", label);
  const left = list.stdout.split("\n").filter((id) => id !== "" && !ids.has(id));
  await Promise.all(left.map((id) => remove(id, machine)));
}

async function remove(id: string, { address }: Machine): Promise<void> {
  // It may take as long as it was made with.
  await dockerLines(address, ["stop", id]);
  const removed = await run(address, "rm", "--volumes", id);
  if (!removed.ok) await pulumi.log.warn(`the container ${id.slice(0, 12)} can't be removed: ${removed.why}`);
}
