import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestSuffix } from "../platform/upstream.ts";

/** `FROM ${IMAGES}nginx:1.28.0${NGINX_DIGEST}`: the image, and the argument that takes its digest. */
const from = /^FROM \$\{IMAGES\}(\S+?)\$\{(\w+_DIGEST)\}/gm;

/** What a folder's Dockerfile gets to know where its upstream images are, and which they are where that was pinned. */
export function upstreamArgs(context: string, images: string): Record<string, string> {
  const args: Record<string, string> = { IMAGES: images };
  for (const [, image = "", name = ""] of readFileSync(join(context, "Dockerfile"), "utf8").matchAll(from)) {
    const suffix = digestSuffix(images, image);
    if (suffix !== "") args[name] = suffix;
  }
  return args;
}
