#!/usr/bin/env node
// `npm run up`, `preview`, `down` and `env`: makes sure of all that Pulumi needs, then hands over to it.

import { fileURLToPath } from "node:url";
import { docker } from "./docker.mjs";
import { images } from "./images.mjs";
import { node } from "./node.mjs";
import { pulumi } from "./pulumi.mjs";
import { installFilter } from "./stack-file-filter.mjs";
import { state } from "./state.mjs";
import { handOver, main, newSetup, run, say, SetupError } from "./steps.mjs";

/** Runs the steps, each of which is skipped when its work is done. */
export async function prepareTools({ stack = "dev", quiet = false } = {}) {
  const setup = newSetup({ quiet });
  await node(setup);
  await pulumi(setup);
  await docker(setup);
  await images(setup, stack);
  return setup;
}

async function prepare({ stack = "dev", quiet = false } = {}) {
  const setup = await prepareTools({ stack, quiet });
  await state(setup, stack);
  return setup;
}

/** Runs a verb of Pulumi on the stack that the arguments name, or on dev; answers with its exit code. */
async function onStack(verb, args) {
  const named = stackOf(args);
  const stack = named ?? "dev";
  const setup = await prepare({ stack });
  const { env } = setup;
  if (verb !== "down") await create(stack, env);
  // Without a terminal nobody can be asked; Pulumi still shows what it does.
  const yes =
    verb === "preview" || process.stdin.isTTY || args.includes("--yes") || args.includes("-y") ? [] : ["--yes"];
  const code = await handOver(
    "pulumi",
    [...words[verb], ...(named === undefined ? ["--stack", stack] : []), ...yes, ...args],
    env,
  );
  installFilter(); // Pulumi may have written a stack's file
  if (verb === "up" && code === 0) await showOutputs(stack, env);
  return code;
}

/** Makes the stack where there is none, and leaves the one that is selected for plain pulumi as it is. */
async function create(stack, env) {
  const made = await run("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"], { env });
  if (made.code !== 0 && !made.stderr.includes("already exists")) {
    throw new SetupError(made.stderr.trim().replace(/^error: /, ""));
  }
}

const words = { up: ["up"], preview: ["preview"], down: ["destroy", "--exclude-protected"] };

export function stackOf(args) {
  for (const [i, arg] of args.entries()) {
    if (arg === "-s" || arg === "--stack") return args[i + 1];
    const value = /^(?:--stack=|-s=?)(.+)$/.exec(arg)?.[1];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Where to look. */
async function showOutputs(stack, env) {
  const { stdout } = await run("pulumi", ["stack", "output", "--json", "--stack", stack], { env });
  const urls = Object.entries(JSON.parse(stdout || "{}")).filter(([name]) => name.endsWith("Url"));
  for (const [name, url] of urls) say(`  ${name.padEnd(10)} ${url}`);
  say('  For plain pulumi commands in this shell: eval "$(npm run -s env)"');
}

/** What a shell needs to run pulumi as these commands do, to be read by `eval`. */
async function printEnvironment() {
  const setup = await prepare({ quiet: true });
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  for (const [name, value] of Object.entries(setup.set)) console.log(`export ${name}=${quoted(value)}`);
  if (setup.path.length > 0) console.log(`export PATH=${quoted(setup.path.join(":"))}:"$PATH"`);
  return 0;
}

async function command([verb, ...args]) {
  if (verb === "env") return printEnvironment();
  if (verb in words) return onStack(verb, args);
  throw new SetupError("usage: mia.mjs up|preview|down|env [arguments of pulumi]");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => command(process.argv.slice(2)));
