import type { Registry } from "../platform/environment.ts";
import type { OwnImage } from "./own-images.ts";

/** What could not be built, taken or pushed: a line for each. */
export class DeliveryError extends Error {}

const asksForLogin =
  /unauthorized|denied|authentication required|no basic auth|HTTP request to an HTTPS server|login attempt to http:.* 400 Bad Request/i;
const isAway = /connection refused|no such host|no route|unreachable|timeout|timed out|no answer|EOF\b/i;

/** Whether a pull failed because the registry has no such image: some say so by asking for a login. */
export function isMissing(why: string): boolean {
  return /manifest unknown|name unknown|not found|repository does not exist/i.test(why) && !/no basic auth/i.test(why);
}

/** A registry that does not give or take images, as one sentence: without an image's name, since mostly it is so for all. */
export function refused({ address, login }: Registry, doing: "give" | "take", said: string): string {
  const why = withoutImage(said, address);
  // An engine that is refused on its loopback address tries without TLS, and says only how that went.
  if (asksForLogin.test(why)) {
    const who = login === undefined ? `\`docker login ${address}\`` : "mia:registry.user and mia:registry.password";
    return `The registry ${address} refuses the credentials (${why}): correct ${who}.`;
  }
  if (isAway.test(why)) {
    return `The registry ${address} does not answer (${why}): start it, or correct mia:registry.address.`;
  }
  return `The registry ${address} does not ${doing} images (${why}): see its log, and whether a disk is full.`;
}

/**
 * Removes what names one image from a message of Docker, so that equal refusals become one sentence. Engine 29 has the name in
 * the reference and in the path of a request. Requests to another host, such as a token server, stay.
 */
function withoutImage(said: string, address: string): string {
  const host = address.split("/")[0]?.replace(/[.[\]]/g, "\\$&") ?? "";
  const request = new RegExp(`(?:failed to do request: )?(?:Head|Get|Put|Post|Patch) "https?://${host}/[^"]*": `, "g");
  const status = new RegExp(` from \\w+ request to https?://${host}/\\S*: `, "g");
  return said
    .replace(/failed to resolve reference "[^"]*": /g, "")
    .replace(request, "")
    .replace(status, ": ");
}

/** A version that is nowhere to be taken from, as one sentence. */
export function nowhere({ part, name, context }: OwnImage, registry: Registry | undefined): string {
  const where =
    registry === undefined
      ? "is not on the engine, there is no registry to take it from"
      : `is neither on the engine nor in the registry ${registry.address}`;
  return `${name} ${where}, and ${context}/ holds another version: deploy another, or \`pulumi config rm --path mia:versions.${part}\`.`;
}
