// The versions that a stack's config names, mia:versions: by service, the tag of its image.

import { complaint } from "./remains.mjs";
import { run, SetupError } from "./steps.mjs";

const key = "mia:versions";

export async function namedVersions(setup, stack) {
  const all = JSON.parse(await config(setup, stack, "--json"));
  return all[key]?.objectValue ?? {};
}

/** Writes them in the place of those that are there. */
export async function nameVersions(setup, stack, versions) {
  // By `--path` those of decimal digits alone would become numbers.
  const value = { value: JSON.stringify(versions), objectValue: versions, secret: false };
  if (Object.keys(versions).length === 0) await config(setup, stack, "rm", key);
  else await config(setup, stack, "set-all", "--json", JSON.stringify({ [key]: value }));
}

async function config(setup, stack, ...words) {
  const { code, stdout, stderr } = await run("pulumi", ["config", ...words, "--stack", stack], setup);
  if (code !== 0) throw new SetupError(complaint(stderr));
  return stdout;
}
