// The versions that a stack's config names, mia:versions: by service, the tag of its image.

import { complaint } from "./remains.mjs";
import { run, SetupError } from "./steps.mjs";

const key = "mia:versions";

/** Writes them in the place of those that are there. */
export async function nameVersions(setup, stack, versions) {
  // Written over others they would take on the order and the quotes of those.
  await config(setup, stack, "rm", key);
  if (Object.keys(versions).length === 0) return;
  // By `--path` those of decimal digits alone would become numbers.
  const value = { value: JSON.stringify(versions), objectValue: versions, secret: false };
  await config(setup, stack, "set-all", "--json", JSON.stringify({ [key]: value }));
}

async function config(setup, stack, ...words) {
  const { code, stderr } = await run("pulumi", ["config", ...words, "--stack", stack], setup);
  if (code !== 0) throw new SetupError(complaint(stderr));
}
