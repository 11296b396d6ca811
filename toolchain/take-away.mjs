// Takes a disposable stack's platform away, whole: what its state knows, and what a run that was killed has left.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { endFamily, runFamily } from "./family.mjs";
import { clearTheWay, complaint, ownerOf, readState, removeUnknown } from "./remains.mjs";
import { root, run, SetupError, stackFile } from "./steps.mjs";

/** Ends what killed runs have left running: before anything else is looked at, since it goes on with what it was told. */
export async function endOrphans({ left }) {
  for (const { mark } of left) await endFamily(mark);
}

/**
 * Takes it away under this lease; Pulumi's words go to the terminal and into the log. The state forgets the uuid that finds the
 * rest when it is destroyed, so the lease notes it before.
 */
export async function takeAway(setup, stack, lease, log) {
  if (lease.left.some(({ updating }) => updating)) await cancel(setup, stack);
  const state = await readState(setup, stack);
  lease.note({ owner: ownerOf(state) });
  if (state !== undefined) await clearTheWay(setup, stack, state, lease.owner);
  if (state !== undefined && state.resources.length > 0) {
    const { code, output } = await update(setup, stack, lease, ["destroy"], { log });
    if (code !== 0) throw new SetupError(complaint(output));
  }
  await removeUnknown(setup, await readState(setup, stack), lease.owner);
}

/** Runs `pulumi up` or `destroy`, which is noted while it goes on: killed, it leaves the stack's lock behind. */
export async function update(setup, stack, lease, words, options) {
  const colour = process.stdout.isTTY === true ? "always" : "never";
  const quietly = ["--yes", "--skip-preview", "--non-interactive", "--suppress-progress", "--color", colour];
  const args = [...words, ...quietly, "--stack", stack];
  lease.note({ updating: true });
  const result = await runFamily("pulumi", args, { env: setup.env, mark: lease.mark, ...options });
  if (result.killed) await cancel(setup, stack);
  lease.note({ updating: false });
  return result;
}

/** Takes away the lock of a command that is no more; where there is none, Pulumi may say so. */
async function cancel(setup, stack) {
  await run("pulumi", ["cancel", "--yes", "--stack", stack], setup);
}

/** Removes the stack itself, with the file that has its config. */
export async function removeStack(setup, stack) {
  const { code, stderr } = await run("pulumi", ["stack", "rm", "--yes", "--stack", stack], setup);
  if (code !== 0 && !stderr.includes("no stack named")) throw new SetupError(complaint(stderr));
  rmSync(join(root, stackFile(stack)), { force: true });
}
