import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { shellWord } from "../platform/config-path.ts";
import { plainName } from "../toolchain/arguments.mjs";
import { marked } from "../toolchain/family.mjs";
import { listen } from "../toolchain/interrupt.mjs";
import { takeLease } from "../toolchain/lease.mjs";
import { prepare } from "../toolchain/mia.mjs";
import { own, root, say, SetupError } from "../toolchain/steps.mjs";
import { endOrphans } from "../toolchain/take-away.mjs";
import { findStack, type Setup, type Stack } from "./stack.ts";

/** Where a stack's backups are unless somebody says another place. */
export function folderOf(stack: string): string {
  return join(own, "backups", plainName(stack) as string);
}

/** A name for a backup: the time. */
export function nameNow(): string {
  return new Date().toISOString().replace(/\..*/, "").replaceAll(":", "-");
}

/** A path as it is said, and as a shell takes it again: from where the user is, where it is in there. */
export function shown(folder: string): string {
  const short = relative(process.env["INIT_CWD"] ?? root, folder);
  return shellWord(short.startsWith("..") ? folder : short);
}

/** The folder that an argument names, from where the user is. */
export function folderNamed(argument: string): string {
  return resolve(process.env["INIT_CWD"] ?? root, argument);
}

/** Runs what is about a stack's data, with nobody else at the stack; an interruption ends in 130 and what `body` threw. */
export async function onStack(
  stack: string,
  body: (stack: Stack, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const lease = await takeLease(stack);
  const signal = listen(() => {
    say("  Interrupted: what has begun comes to an end.");
  });
  try {
    await endOrphans(lease);
    const setup = marked(await prepare({ stack, quiet: true }), lease.mark) as Setup;
    return await body(await findStack(setup, stack), signal);
  } catch (error) {
    if (!signal.aborted || !(error instanceof SetupError)) throw error;
    say(`✘ ${error.message}`);
    return 130;
  } finally {
    lease.release({ nothingDone: true });
  }
}

/** @throws SetupError where something is in the way of a new folder. */
export function refuseTaken(folder: string): void {
  if (existsSync(folder)) throw new SetupError(`FOLDER: got ${folder}, which is there already, need a new one.`);
}
