import { basename } from "node:path";
import { type Base, bases } from "../platform/catalogue/common.ts";
import { edge, loadBalancer } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import type { Service } from "../platform/service.ts";
import { contextHash } from "./context.ts";

/** An image of our own: what it is built from, and the name that follows from it. */
export interface OwnImage {
  /** What it is for. */
  readonly part: string;
  /** `<registry>/<project>-<part>:<content hash>`: the same content has the same name everywhere, and other content never has it. */
  readonly name: string;
  /** Its folder with a Dockerfile, relative to the project's. */
  readonly context: string;
  /** What the Dockerfile's ARGs get: text, or another image of our own. */
  readonly buildArgs: Readonly<Record<string, string | OwnImage>>;
}

/** What names and contents of our images depend on. */
type Surroundings = Pick<Environment, "delivery" | "images" | "ownImages">;

/**
 * Every image of our own that an environment needs, each after those that it is made of; `platform` is what they run on, such
 * as `linux/x86_64`.
 */
export function ownImages(
  { delivery, images, ownImages: prefix }: Surroundings,
  services: Readonly<Record<string, Service>>,
  platform: string,
): OwnImage[] {
  const all: OwnImage[] = [];
  const add = (part: string, context: string, buildArgs: OwnImage["buildArgs"]): OwnImage => {
    const image = ownImage(prefix, part, context, buildArgs, platform);
    all.push(image);
    return image;
  };
  const upstream = { IMAGES: images };
  const init = add("init", "images/init", {});
  add("edge", edge.context, upstream);
  add("lb", loadBalancer.context, upstream);
  const made = new Map<string, OwnImage>();
  for (const used of new Set(Object.values(services).map(({ base }) => base))) {
    const { context }: Base = bases[used];
    made.set(used, add(imageOf(used), context, { ...upstream, INIT: init }));
  }
  if (delivery === "mounted") return all;
  for (const [name, { base, source }] of Object.entries(services)) {
    const from = made.get(base);
    if (from !== undefined) add(name, source, { BASE: from });
  }
  return all;
}

/** What the image of a base is for. */
export function imageOf(base: keyof typeof bases): string {
  return basename(bases[base].context);
}

/** Names the image of a folder by what is in it, by the images that it is made of, and by what it runs on. */
export function ownImage(
  prefix: string,
  part: string,
  context: string,
  buildArgs: OwnImage["buildArgs"],
  platform: string,
): OwnImage {
  const tag = contextHash(context, JSON.stringify(texts(buildArgs)), platform);
  return { part, name: `${prefix}${part}:${tag}`, context, buildArgs };
}

/** The build arguments as text: an image is its name. */
export function texts(buildArgs: OwnImage["buildArgs"]): Record<string, string> {
  const named = Object.entries(buildArgs).map(([key, value]) => [key, typeof value === "string" ? value : value.name]);
  return Object.fromEntries(named) as Record<string, string>;
}
