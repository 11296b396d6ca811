import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Every file that is, or is to be, in the repository, by its path in it. */
export const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && exists(file));

/** Whether there is such a file, also one that git does not know. */
export function exists(file: string): boolean {
  return existsSync(join(root, file));
}

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}
