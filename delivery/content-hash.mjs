import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Twelve digits that stand for what is in these files and folders: names below them, contents, and which can be
 * executed; not when they were changed, whose they are or where they lie.
 * @param {readonly string[]} paths files or folders
 * @param {readonly string[]} more other text that counts
 * @returns {string}
 */
export function contentHash(paths, ...more) {
  return hashOf(paths, () => true, ...more);
}

/**
 * The same of only those that count.
 * @param {readonly string[]} paths files or folders
 * @param {(name: string) => boolean} counts whether a file does, by its name below the folder
 * @param {readonly string[]} more other text that counts
 * @returns {string}
 */
export function hashOf(paths, counts, ...more) {
  const hash = createHash("sha256");
  for (const path of paths) add(hash, path, "", counts);
  for (const text of more) hash.update(`text\0${text}\0`);
  return hash.digest("hex").slice(0, 12);
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} path
 * @param {string} name
 * @param {(name: string) => boolean} counts
 */
function add(hash, path, name, counts) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    for (const entry of readdirSync(path).sort()) add(hash, join(path, entry), `${name}/${entry}`, counts);
    return;
  }
  if (name !== "" && !counts(name.slice(1))) return;
  if (stat === undefined) throw new Error(`${path} is gone`);
  if (stat.isSymbolicLink()) {
    hash.update(`link\0${name}\0${readlinkSync(path)}\0`);
  } else {
    const kind = stat.mode & 0o100 ? "program" : "file";
    hash.update(`${kind}\0${name}\0`).update(createHash("sha256").update(readFileSync(path)).digest());
  }
}
