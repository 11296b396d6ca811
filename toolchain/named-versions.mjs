// The versions that a stack's config names, mia:versions: by service, the tag of its image.

import { config } from "./config.mjs";

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
