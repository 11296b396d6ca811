// What our own commands are asked for.

import { parseArgs } from "node:util";
import { SetupError } from "./steps.mjs";

/**
 * The options among these arguments; what is not one of them is refused with the usage.
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} T
 * @param {string[]} args
 * @param {T} options
 * @param {string} usage
 * @param {{ allowPositionals?: boolean }} [more]
 * @returns {ReturnType<typeof parseArgs<{ args: string[], options: T, allowPositionals: boolean }>>}
 */
export function parse(args, options, usage, { allowPositionals = false } = {}) {
  try {
    return parseArgs({ args, options, allowPositionals });
  } catch (error) {
    throw new SetupError(`${error.message.replace(/\.?$/, ".")} Usage: ${usage}`);
  }
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
  const name = stack.split("/").pop();
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(name)) return name;
  throw new SetupError(`--stack: got ${JSON.stringify(stack)}, need a stack's name of letters, digits, -, _ and dots.`);
}
