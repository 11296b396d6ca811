// How every step of the set-up runs commands, shows progress and fails.
// Only Node's own modules, and nothing newer than Node 20: this is what runs before anything is installed.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone. */
export const root = resolve(fileURLToPath(import.meta.url), "../..");
/** What belongs to this clone alone: the Node that was brought, logs, the default state. Ignored by git. */
export const own = join(root, ".mia");
/** What all clones share. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mia");

/** A failure that the user can do something about: one sentence, no stack. */
export class SetupError extends Error {}

/**
 * What the steps found: the environment for every later command.
 * `later` lists programs (folders of offline/go) that later steps may build; their modules are downloaded early.
 * @typedef {{ env: NodeJS.ProcessEnv, set: Record<string, string>, path: string[], quiet: boolean, later: string[], detached?: boolean }} Setup
 */

/** @returns {Setup} */
export function newSetup({ quiet = false, later = /** @type {string[]} */ ([]) } = {}) {
  // Node 22 and later keep compiled code there: Pulumi's SDK is loaded in half of the time.
  const compiled = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compile") };
  return { env: { ...compiled, ...process.env }, set: {}, path: [], quiet, later };
}

/** Sets a variable for all later commands and for `npm run -s env`. */
export function setVariable(setup, name, value) {
  setup.set[name] = setup.env[name] = value;
}

/** Puts a folder in front of PATH, likewise. */
export function addPath(setup, folder) {
  setup.path.unshift(folder);
  setup.env.PATH = [folder, setup.env.PATH].join(delimiter);
}

const started = Date.now();
const terminal = process.stderr.isTTY === true;

/** Shows a line of progress. It goes to stderr: stdout belongs to what was asked for. */
export function say(line) {
  process.stderr.write(`${terminal ? "\r\x1b[K" : ""}${line}\n`);
}

/**
 * Runs one step and shows how it ended: `body` returns the words for what is there now.
 * A step that had nothing to do shows one line, or none when asked to be quiet.
 */
export async function step(setup, name, body) {
  const from = Date.now();
  const result = await body();
  const seconds = (Date.now() - from) / 1000;
  if (!setup.quiet || seconds > 5) say(`✔ ${name}: ${result}${seconds > 2 ? ` (${time(seconds)})` : ""}`);
}

export function time(seconds) {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * Runs a long command: its output goes into a log, its progress to the terminal.
 * When it fails, the error names that log and says the way out.
 */
export async function longRun(setup, title, command, args, { cwd, env, wayOut } = {}) {
  const log = logFile(title);
  const from = Date.now();
  say(`  ${title} … (log: ${log})`);
  // On a terminal the last line of output follows below; elsewhere a line a minute shows that it is alive.
  let last = "";
  const timer = setInterval(
    () => {
      const line = `  ${title}: ${time((Date.now() - from) / 1000)} ${last.slice(0, 100)}`;
      if (terminal) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
      else say(line);
    },
    terminal ? 1000 : 60_000,
  );
  try {
    const result = await run(command, args, {
      cwd,
      env: { ...setup.env, ...env },
      onOutput: (chunk) => {
        appendFileSync(log, chunk);
        last = chunk.toString().trimEnd().split("\n").pop() ?? "";
      },
    });
    if (result.code !== 0) {
      const error = new SetupError(
        `${title} failed (${command}: ${result.reason}): see ${log}.${wayOut ? ` ${wayOut}` : ""}`,
      );
      throw Object.assign(error, { output: result.stdout + result.stderr });
    }
    return result.stdout;
  } finally {
    clearInterval(timer);
    if (terminal) process.stderr.write("\r\x1b[K");
  }
}

/** A log of this step, begun anew. */
export function logFile(title) {
  const folder = join(own, "logs");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${title.toLowerCase().replace(/[^a-z0-9.]+/g, "-")}.log`);
  if (!current.has(file)) writeFileSync(file, `${new Date(started).toISOString()} ${title}\n`);
  current.add(file);
  return file;
}
const current = new Set();

/**
 * Runs a command to its end without a shell; never throws for what the command does. One that is detached hears no Ctrl-C.
 * @returns {Promise<{ code: number, stdout: string, stderr: string, reason: string }>}
 */
export function run(
  command,
  args,
  { cwd = root, env = process.env, input, onOutput, timeout, signal, detached = false } = {},
) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      env,
      detached,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      // spawn's own timeout would keep this process alive where there is no such command.
      ...(timeout === undefined ? { signal } : { signal: AbortSignal.timeout(timeout), killSignal: "SIGKILL" }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      onOutput?.(chunk);
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      onOutput?.(chunk);
    });
    child.stdin?.on("error", () => {}); // the command may end without reading
    child.stdin?.end(input);
    child.on("error", ({ name, message }) => {
      const late = name === "AbortError";
      done({ code: late ? 128 : 127, stdout, stderr, reason: late ? `no answer in ${timeout} ms` : message });
    });
    child.on("close", (code, signal) => done({ code: code ?? 128, stdout, stderr, reason: signal ?? `exit ${code}` }));
  });
}

/** Runs a command in the user's terminal and returns its exit code. */
export function handOver(command, args, env) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, stdio: "inherit" });
    // Ctrl-C reaches the child too, which ends in its own good order; this process only waits for it.
    const wait = () => {};
    process.on("SIGINT", wait);
    const forward = () => child.kill("SIGTERM");
    process.on("SIGTERM", forward);
    child.on("error", fail);
    child.on("close", (code) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", forward);
      done(code ?? 130);
    });
  });
}

/** The file with a stack's config: `acme/dev` and `acme/mia/dev` name the same as `dev`. */
export function stackFile(stack) {
  return `Pulumi.${stack.split("/").pop()}.yaml`;
}

/** What a stack's file says of one of our keys, such as `kind` or `machine.driver`; undefined where it says nothing, or is not there. */
export function configured(stack, key) {
  const file = join(root, stackFile(stack));
  return existsSync(file) ? valueIn(readFileSync(file, "utf8"), key) : undefined;
}

const word = /^["']?([^"'\s{}]+)/;

/** The same of its text; an object's value may stand on lines of its own, or in braces beside the key. */
export function valueIn(text, key) {
  const [name, member] = key.split(".");
  const [, indent, rest] =
    new RegExp(`^([ \\t]+)["']?mia:${name}["']?:[ \\t]*(.*(?:\\n\\1[ \\t]+.*)*)`, "m").exec(text) ?? [];
  if (indent === undefined) return undefined;
  if (member === undefined) return word.exec(rest)?.[1];
  const lines = rest.split("\n").slice(1);
  const deep = /^\s*/.exec(lines[0] ?? "")[0];
  const members = lines.filter((line) => line.startsWith(deep) && !/\s/.test(line[deep.length] ?? " "));
  for (const text of members.length > 0 ? members : rest.split(/[{,]/)) {
    const value = new RegExp(`^\\s*["']?${member}["']?:\\s*(.*)`).exec(text)?.[1];
    if (value !== undefined) return word.exec(value)?.[1];
  }
  return undefined;
}

/** Puts what was made under its final name; where another clone was faster, its copy is as good. */
export function moveInto(fresh, target) {
  try {
    renameSync(fresh, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    rmSync(fresh, { recursive: true });
  }
}

/** Where a command is on PATH, or undefined. */
export function which(command, env = process.env) {
  for (const folder of (env.PATH || "").split(delimiter)) {
    const file = join(folder, command);
    if (folder !== "" && existsSync(file)) return file;
  }
  return undefined;
}

/** Whether a site answers at all within ten seconds: a refusal is an answer. */
export async function answers(url) {
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "follow", signal: AbortSignal.timeout(10_000) });
    return response.status < 500 && response.status !== 403;
  } catch {
    return false;
  }
}

/** Runs a command of ours: its exit code, and a failure that the user can do something about as one sentence. */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    // What the system refuses (no space, no permission) names its place itself.
    if (!(error instanceof SetupError) && error.syscall === undefined) throw error;
    say(`✘ ${error.message}`);
    process.exitCode = 1;
  }
}
