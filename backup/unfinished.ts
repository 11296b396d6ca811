import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { folderOf } from "./command.ts";
import type { Stack } from "./stack.ts";

/** Where it is written that a restore has begun to replace data, and where what was there before is kept. */
function note({ name }: Stack): string {
  return join(folderOf(name), "unfinished.json");
}

/**
 * The backup of what a stack held before a restore that has not ended well, which has left it with half of the data; nothing
 * where there was none, or the stack has been made anew since.
 */
export function heldBefore(stack: Stack): string | undefined {
  if (!existsSync(note(stack))) return undefined;
  const { id, before } = JSON.parse(readFileSync(note(stack), "utf8")) as { id: string; before: string };
  return id === stack.id ? before : undefined;
}

/** From now on the stack's data is not whole. */
export function begin(stack: Stack, before: string): void {
  mkdirSync(dirname(note(stack)), { recursive: true, mode: 0o700 });
  writeFileSync(note(stack), `${JSON.stringify({ id: stack.id, before })}\n`, { flush: true });
}

/** It is again. */
export function end(stack: Stack): void {
  rmSync(note(stack), { force: true });
}
