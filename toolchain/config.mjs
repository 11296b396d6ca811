// Edits a stack's config, by Pulumi's own command.

import { complaint } from "./remains.mjs";
import { run, SetupError } from "./steps.mjs";

/** Runs a `pulumi config` command on a stack. @throws SetupError with what it complains about. */
export async function config(setup, stack, ...words) {
  const { code, stderr } = await run("pulumi", ["config", ...words, "--stack", stack], setup);
  if (code !== 0) throw new SetupError(complaint(stderr));
}
