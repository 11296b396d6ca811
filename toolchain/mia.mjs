#!/usr/bin/env node
// `npm run up`, `preview`, `down`, `env`, `status`, `logs`, `new`, `build`, `push` and `sbom`: makes sure of all that they need, then hands over.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lineCount, parse, plainName, stackOf } from "./arguments.mjs";
import { buildx } from "./buildx.mjs";
import { consent } from "./consent.mjs";
import { docker } from "./docker.mjs";
import { dockerMachine } from "./docker-machine.mjs";
import { images } from "./images.mjs";
import { logs } from "./logs.mjs";
import { newService } from "./new.mjs";
import { node } from "./node.mjs";
import { pulumi } from "./pulumi.mjs";
import { clearTheWay, forgetInterrupted, ownerOf, readState, removeUnknown } from "./remains.mjs";
import { installFilter } from "./stack-file-filter.mjs";
import { state } from "./state.mjs";
import { syft } from "./syft.mjs";
import { status } from "./status.mjs";
import { handOver, main, newSetup, root, run, say, SetupError, stackFile } from "./steps.mjs";

/** Runs the steps, each of which is skipped when its work is done. */
export async function prepareTools({ stack = "dev", quiet = false } = {}) {
  const setup = newSetup({ quiet });
  await node(setup);
  await pulumi(setup);
  await dockerMachine(setup, stack);
  await docker(setup, stack);
  await buildx(setup);
  await images(setup, stack);
  return setup;
}

export async function prepare({ stack = "dev", quiet = false } = {}) {
  const setup = await prepareTools({ stack, quiet });
  await readable(setup, stack);
  await state(setup, stack);
  // components/quick-start.ts has it for all that comes after it; what Pulumi loads before is not its own.
  setup.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/compile");
  return setup;
}

/** Pulumi does not say in which file there is no YAML. */
async function readable(setup, stack) {
  if (!existsSync(join(root, stackFile(stack)))) return;
  const { code, stdout } = await run("node", ["toolchain/read-stack.mjs", plainName(stack)], setup);
  if (code === 1 && stdout !== "") throw new SetupError(stdout.trim());
}

/** Runs a verb of Pulumi on the stack that the arguments name, or on dev; answers with its exit code. */
async function onStack(verb, given) {
  const args = given.filter((arg) => arg !== "--volumes");
  const everything = verb === "down" && args.length < given.length;
  refuseWord(verb, args[0]);
  const named = stackOf(args);
  const stack = named ?? "dev";
  const setup = await prepare({ stack });
  const { env } = setup;
  if (verb !== "down") await create(stack, env);
  if (verb === "up") await forgetInterrupted(setup, stack);
  if (everything && args.includes("--preview-only")) throw new SetupError("--volumes can't be only previewed.");
  if (everything && !(await unprotect(stack, setup, confirmed(args)))) return 1;
  // Without a terminal nobody can be asked, and one question is enough; Pulumi still shows what it does.
  const ask = verb === "preview" || confirmed(args) || (process.stdin.isTTY && !everything);
  const yes = ask ? [] : ["--yes"];
  const words = everything ? ["destroy"] : verbs[verb];
  const hand = () =>
    handOver("pulumi", [...words, ...(named === undefined ? ["--stack", stack] : []), ...yes, ...args], env);
  const isDown = verb === "down" && !args.includes("--preview-only");
  const code = isDown
    ? await andTheRest(setup, stack, { asks: yes.length === 0 && !confirmed(args) }, hand)
    : await hand();
  installFilter(); // Pulumi may have written a stack's file
  if (everything && code !== 0) say("  The data that is still there is not protected any more, until the next up.");
  if (verb === "up" && code === 0) await showOutputs(stack, env);
  return code;
}

/** What npm leaves of `npm run up --stack qa`: Pulumi would take it for a template to begin with. */
function refuseWord(verb, word) {
  if (word === undefined || word.startsWith("-")) return;
  const example = `npm run ${verb} -- --stack ${/^[A-Za-z0-9][\w.-]*$/.test(word) ? word : "qa"}`;
  throw new SetupError(`npm run ${verb}: got ${JSON.stringify(word)}, need options, after --, such as ${example}.`);
}

/** A destroy, and then what no state knows; before it too where nobody is asked: what is left may be in its way. */
async function andTheRest(setup, stack, { asks }, destroy) {
  const state = await readState(setup, stack);
  const owner = ownerOf(state);
  if (state !== undefined && !asks) await clearTheWay(setup, stack, state, owner);
  const code = await destroy();
  if (code === 0) await removeUnknown(setup, await readState(setup, stack), owner);
  return code;
}

/** Makes the stack where there is none, and leaves the one that is selected for plain pulumi as it is. */
export async function create(stack, env) {
  const made = await run("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"], { env });
  if (made.code !== 0 && !made.stderr.includes("already exists")) {
    throw new SetupError(made.stderr.trim().replace(/^error: /, ""));
  }
}

/** Asks whether the data may go, and takes its protection away. */
async function unprotect(stack, { env }, yes) {
  const { stdout } = await run("pulumi", ["stack", "export", "--stack", stack], { env });
  const resources = JSON.parse(stdout || "{}").deployment?.resources ?? [];
  const volumes = resources
    .filter(({ type, protect }) => type === "docker:index/volume:Volume" && protect)
    .map(({ id }) => id)
    .sort();
  if (volumes.length > 0 && !yes && !(await consent(`This deletes ${volumes.join(", ")} with all data, for good.`)))
    return false;
  const done = await run("pulumi", ["state", "unprotect", "--all", "--yes", "--stack", stack], { env });
  if (done.code !== 0) throw new SetupError(done.stderr.trim().replace(/^error: /, ""));
  return true;
}

function confirmed(args) {
  return args.includes("--yes") || args.includes("-y");
}

const verbs = { up: ["up"], preview: ["preview"], down: ["destroy", "--exclude-protected"] };

/** Where to look. */
async function showOutputs(stack, env) {
  const { stdout } = await run("pulumi", ["stack", "output", "--json", "--stack", stack], { env });
  const urls = Object.entries(JSON.parse(stdout || "{}")).filter(([name]) => name.endsWith("Url"));
  for (const [name, url] of urls) say(`  ${name.padEnd(10)} ${url}`);
  say('  For plain pulumi commands in this shell: eval "$(npm run -s env)"');
}

/** What a shell needs to run pulumi as these commands do, and docker on a stack's engine where one is named, to be read by `eval`. */
async function printEnvironment(args) {
  const usage = "npm run -s env -- [--stack NAME]";
  const { stack } = parse(args, { stack: { type: "string", short: "s" } }, usage).values;
  const setup = await prepare({ stack: stack ?? "dev", quiet: true });
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const engine = stack === undefined ? {} : await engineOf(setup, stack);
  for (const [name, value] of Object.entries({ ...setup.set, ...engine }))
    console.log(`export ${name}=${quoted(value)}`);
  if (setup.path.length > 0) console.log(`export PATH=${quoted(setup.path.join(":"))}:"$PATH"`);
  return 0;
}

/** What points a docker client at the engine that a stack lives on. */
async function engineOf(setup, stack) {
  const { address } = ownerOf(await readState(setup, stack));
  if (address === undefined)
    throw new SetupError(`Nothing of stack ${stack} is anywhere: npm run up -- --stack ${stack}`);
  return address;
}

async function showStatus(args) {
  const options = { stack: { type: "string", short: "s", default: "dev" } };
  const { stack } = parse(args, options, "npm run status -- [--stack NAME]").values;
  return status(await prepare({ stack, quiet: true }), stack);
}

async function showLogs(args) {
  const options = {
    stack: { type: "string", short: "s", default: "dev" },
    tail: { type: "string", short: "n", default: "100" },
    "no-follow": { type: "boolean", default: false },
  };
  const usage = "npm run logs -- [--stack NAME] [--tail N] [--no-follow] [PART ...]";
  const { values, positionals } = parse(args, options, usage, { allowPositionals: true });
  const tail = lineCount("--tail", values.tail);
  const setup = await prepare({ stack: values.stack, quiet: true });
  return logs(setup, values.stack, { names: positionals, follow: !values["no-follow"], tail });
}

/** With the tools that images need, which are fewer. */
async function deliverImages(verb, args) {
  const setup = newSetup();
  const stack = stackOf(args) ?? "qa";
  await node(setup);
  await dockerMachine(setup, stack);
  await docker(setup, stack);
  await buildx(setup);
  await images(setup, stack);
  if (verb === "sbom") await syft(setup);
  return handOver("node", ["toolchain/deliver.mjs", verb, ...args], setup.env);
}

async function command([verb, ...args]) {
  if (verb === "env") return printEnvironment(args);
  if (verb === "status") return showStatus(args);
  if (verb === "logs") return showLogs(args);
  if (verb === "new") return newService(args);
  if (["build", "push", "sbom"].includes(verb)) return deliverImages(verb, args);
  if (Object.hasOwn(verbs, verb ?? "")) return onStack(verb, args);
  throw new SetupError("usage: mia.mjs up|preview|down|env|status|logs|new|build|push|sbom [arguments]");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => command(process.argv.slice(2)));
