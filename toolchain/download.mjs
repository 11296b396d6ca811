// Downloads from vendors' sites.

import { SetupError } from "./steps.mjs";

/** What is at a URL, whole; `wayOut` is what the user can do without it. */
export async function fetchBytes(url, wayOut) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(600_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new SetupError(`${url} could not be downloaded (${error.message}): try again, or ${wayOut}.`);
  }
}
