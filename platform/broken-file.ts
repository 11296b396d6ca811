import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { oneLine } from "./one-line.ts";
import type { Problem } from "./problem.ts";

const way = "correct it; `npm run check` shows it in its place";

/**
 * A file of the program in `folder` that Node can't load, such as one with a comma too few: undefined where an error is of
 * another kind.
 */
export function brokenFile(error: unknown, folder: string): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message, name, stack = "" } = error;
  const at = (file: string, line = "") => `${relative(folder, pathOf(file))}${line === "" ? "" : `:${line}`}`;
  if (name === "SyntaxError") {
    // Node puts the place before the message, the name of a JSON file into it, and may know none.
    const [, file, line] = /^((?:file:\/\/)?\/.*):(\d+)$/m.exec(stack.split("\n")[0] ?? "") ?? [];
    const [, json, rest] = /^(\/.*\.json): ([^]*)$/.exec(message) ?? [];
    const where = file !== undefined ? at(file, line) : json !== undefined ? at(json) : "the program";
    return { where, got: `what can't be read (${oneLine(rest ?? message)})`, fix: way };
  }
  if ("code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
    const [, target = "", from] = /^Cannot find (?:module|package) '(.*)' imported from (.*)$/.exec(message) ?? [];
    if (from === undefined) return undefined;
    if (!/[/\\]/.test(target)) return { where: at(from), got: `no package ${target}`, fix: "npm ci" };
    return { where: at(from), got: `an import of ${at(target)}, which does not exist`, fix: way };
  }
  // What the data itself does wrong while it is read: elsewhere it would be a mistake of ours, whose stack is wanted.
  const [, file, line] = /^ +at (?:.*\()?(.+?):(\d+):\d+\)?$/m.exec(stack) ?? [];
  if (file === undefined || !at(file).startsWith("platform/catalogue/")) return undefined;
  return { where: at(file, line), got: `an error (${oneLine(message)})`, fix: way };
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}
