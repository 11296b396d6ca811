import type { Registry } from "../platform/environment.ts";

/** What could not be built, taken or pushed: a line for each. */
export class DeliveryError extends Error {}

/** Whether a pull failed because the registry has no such image: some say so by asking for a login. */
export function isMissing(why: string): boolean {
  return /manifest unknown|name unknown|not found|repository does not exist/i.test(why);
}

/** A registry that refuses, as one sentence. */
export function refused({ address, login }: Registry, why: string): string {
  // The last is what an engine says of one on its loopback address: refused by TLS, it tries without.
  if (/unauthorized|denied|authentication required|no basic auth|HTTP request to an HTTPS server/i.test(why)) {
    const who = login === undefined ? `\`docker login ${address}\`` : "mia:registry.user and mia:registry.password";
    return `The registry ${address} refuses the credentials (${why}): correct ${who}.`;
  }
  return `The registry ${address} does not answer as one (${why}): start it, or correct mia:registry.address.`;
}
