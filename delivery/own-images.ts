import { basename } from "node:path";
import { bases } from "../platform/catalogue/common.ts";
import { edge, loadBalancer } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import type { Service } from "../platform/service.ts";
import { contextHash } from "./context.ts";
import { upstreamArgs } from "./upstream.ts";

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
  /** Its folder holds another version than this: it can be taken from where it is, but not built. @default false */
  readonly onlyTaken?: boolean;
}

/** What names and contents of our images depend on. */
type Surroundings = Pick<Environment, "delivery" | "images" | "ownImages" | "versions">;

/**
 * Every image of our own that an environment needs, each after those that it is made of; `platform` is what they run on, such
 * as `linux/x86_64`. What is needed does not depend on what folders hold.
 */
export function ownImages(
  { delivery, images, ownImages: prefix, versions }: Surroundings,
  services: Readonly<Record<string, Service>>,
  platform: string,
): OwnImage[] {
  const image = (part: string, context: string, buildArgs: OwnImage["buildArgs"]) =>
    ownImage(prefix, part, context, buildArgs, platform);
  const init = image("init", "images/init", {});
  const baseImage = (base: keyof typeof bases) =>
    image(imageOf(base), bases[base].context, { ...upstreamArgs(bases[base].context, images), INIT: init });
  const used = [...new Set(Object.values(services).map(({ base }) => base))];
  const made = new Map(used.map((base) => [base, baseImage(base)]));
  // A version that is taken needs no base.
  const built = Object.entries(services).filter(([name]) => versions[name] === undefined);
  const needed = new Set(built.map(([, { base }]) => made.get(base)));
  const common = [
    ...(needed.size === 0 ? [] : [init]),
    image("edge", edge.context, upstreamArgs(edge.context, images)),
    image("lb", loadBalancer.context, upstreamArgs(loadBalancer.context, images)),
    ...[...made.values()].filter((base) => needed.has(base)),
  ];
  if (delivery === "mounted") return common;
  const own = Object.entries(services).flatMap(([name, { base, source }]) => {
    const from = made.get(base);
    return from === undefined ? [] : [ofVersion(image(name, source, { BASE: from }), versions[name])];
  });
  return [...common, ...own];
}

/** All but those that others are only made of, and that need not be there where a version is taken. */
export function whatRuns(images: readonly OwnImage[]): OwnImage[] {
  const ingredients = new Set(images.flatMap(({ buildArgs }) => Object.values(buildArgs)));
  return images.filter((image) => !ingredients.has(image));
}

/** The image of this version, which may be another than its folder holds. */
function ofVersion(image: OwnImage, version: string | undefined): OwnImage {
  const name = version === undefined ? image.name : image.name.replace(/[^:]*$/, version);
  return name === image.name ? image : { ...image, name, onlyTaken: true };
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
