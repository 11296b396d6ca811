// What our own commands are asked for.

import { parseArgs } from "node:util";
import { SetupError } from "./steps.mjs";

/**
 * The options among these arguments; what is not one of them is refused with the usage, and a stack's name that can't be one.
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} T
 * @param {string[]} args
 * @param {T} options
 * @param {string} usage
 * @param {{ allowPositionals?: boolean }} [more]
 * @returns {ReturnType<typeof parseArgs<{ args: string[], options: T, allowPositionals: boolean }>>}
 */
export function parse(args, options, usage, { allowPositionals = false } = {}) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals });
    for (const stack of [parsed.values.stack ?? []].flat()) checkStack(stack);
    return parsed;
  } catch (error) {
    if (error instanceof SetupError) throw error;
    // Node's next sentences are about arguments that nobody means.
    const [sentence] = error.message.split(/(?<=\.)\s/);
    throw new SetupError(`${sentence.replace(/\.?$/, ".")} Usage: ${usage}`);
  }
}

/**
 * The stack that Pulumi's own arguments name, if any.
 * @throws SetupError where it can't be a stack's name
 */
export function stackOf(args) {
  for (const [i, arg] of args.entries()) {
    if (arg === "-s" || arg === "--stack") return checkStack(args[i + 1]);
    const value = /^(?:--stack=|-s=?)(.*)$/.exec(arg)?.[1];
    if (value !== undefined) return checkStack(value);
  }
  return undefined;
}

/** `dev`, `acme/dev` or `acme/mia/dev`. */
function checkStack(stack) {
  if (stack !== undefined && /^([A-Za-z0-9][\w.-]*\/){0,2}[A-Za-z0-9][\w.-]{0,99}$/.test(stack)) return stack;
  const got = stack === undefined ? "nothing" : JSON.stringify(stack);
  throw new SetupError(`--stack: got ${got}, need a stack's name of letters, digits, -, _ and dots, such as dev.`);
}

/** How many lines, such as `100`, or `all`. */
export function lineCount(name, text) {
  if (/^(all|0|[1-9]\d{0,8})$/.test(text)) return text;
  throw new SetupError(`${name}: got ${JSON.stringify(text)}, need a number of lines, such as 100, or all.`);
}

/** A number of seconds, such as `300`. */
export function wholeSeconds(name, text) {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new SetupError(`${name}: got ${JSON.stringify(text)}, need a whole number of seconds from 1 on, such as 300.`);
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A length of time such as `30m`, `8h` or `2d`, in milliseconds. */
export function duration(name, text) {
  const [, count, unit] = /^(0|[1-9]\d{0,4})([smhd])$/.exec(text ?? "") ?? [];
  if (unit !== undefined) return Number(count) * units[unit] * 1000;
  const got = text === undefined ? "nothing" : JSON.stringify(text);
  throw new SetupError(`${name}: got ${got}, need a number with s, m, h or d, such as 30m, 8h or 2d.`);
}

/** The last part of a stack's name, fit to be a file's. */
export function plainName(stack) {
  return checkStack(stack).split("/").pop();
}
