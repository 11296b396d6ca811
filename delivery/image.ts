import { contentHash } from "./content-hash.mjs";

/** An image of our own: what it is built from, and the name that follows from it. */
export interface OwnImage {
  /** `<project>-<part>:<content hash>`: the same content has the same name everywhere, and other content never has it. */
  readonly name: string;
  /** The folder that it is built from. */
  readonly context: string;
  /** What the Dockerfile's ARGs get. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Names the image of a folder by what is in it and by the images that it is made of. */
export function ownImage(
  project: string,
  part: string,
  context: string,
  buildArgs: Readonly<Record<string, string>>,
): OwnImage {
  const tag = contentHash([context], JSON.stringify(buildArgs));
  return { name: `${project}-${part}:${tag}`, context, buildArgs };
}

/** The arguments of `docker` that build it. */
export function buildCommand({ name, context, buildArgs }: OwnImage): string[] {
  const args = Object.entries(buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  return ["build", "--tag", name, ...args, context];
}
