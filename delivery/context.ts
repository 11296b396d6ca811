import dockerignore from "@balena/dockerignore";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf } from "./content-hash.mjs";

/** The content hash of a build context: of the files that its .dockerignore leaves to the build, and the Dockerfile in any case. */
export function contextHash(context: string, ...more: string[]): string {
  const file = join(context, ".dockerignore");
  const rules = existsSync(file) ? readFileSync(file, "utf8") : "";
  const isLeft = dockerignore.default().add(rules).createFilter();
  return hashOf([context], (name) => name === "Dockerfile" || isLeft(name), ...more);
}
