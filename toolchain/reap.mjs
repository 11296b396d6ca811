// `npm run reap -- --older-than 8h`: takes away the stacks of pull requests that nobody has taken away.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duration, parse, plainName } from "./arguments.mjs";
import { docker } from "./docker.mjs";
import { dockerMachine } from "./docker-machine.mjs";
import { marked } from "./family.mjs";
import { listen } from "./interrupt.mjs";
import { takeLease } from "./lease.mjs";
import { node } from "./node.mjs";
import { pulumi } from "./pulumi.mjs";
import { complaint, isBusy } from "./remains.mjs";
import { installFilter } from "./stack-file-filter.mjs";
import { state } from "./state.mjs";
import { configured, main, newSetup, own, root, run, say, SetupError, stackFile } from "./steps.mjs";
import { endOrphans, removeStack, takeAway } from "./take-away.mjs";

const usage = "npm run reap -- --older-than 30m|8h|2d [--dry-run]";

async function reap(args) {
  const { values } = parse(args, { "older-than": { type: "string" }, "dry-run": { type: "boolean" } }, usage);
  const age = duration("--older-than", values["older-than"]);
  const setup = newSetup({ quiet: true });
  // A pull request's stack is as qa is.
  for (const prepare of [node, pulumi, dockerMachine, docker]) await prepare(setup, "qa");
  await state(setup, "qa");
  const signal = listen(() => say("  Interrupted: the stack that is being taken away is the last one."));

  const before = Date.now() - age;
  const done = { gone: [], busy: [], failed: [] };
  for (const stack of await stacks(setup)) {
    if (signal.aborted) break;
    const judged = await judge(setup, stack, before);
    say(`  ${stack.name}: ${judged.why}`);
    if (judged.goes && !values["dry-run"]) done[await takeOne(setup, stack.name, judged.tracked)].push(stack.name);
  }
  installFilter(); // Pulumi may have written a stack's file
  return conclude(done, { signal, dryRun: values["dry-run"] });
}

function conclude({ gone, busy, failed }, { signal, dryRun }) {
  const names = (list) => list.join(", ") || "none";
  if (dryRun) say("✔ Nothing was touched (--dry-run).");
  else if (failed.length > 0) say(`✘ Could not be taken away: ${names(failed)}. Taken away: ${names(gone)}.`);
  else if (signal.aborted) say(`✘ Interrupted. Taken away: ${names(gone)}.`);
  else
    say(
      `✔ Taken away: ${names(gone)}.${busy.length > 0 ? ` Left alone, since something goes on: ${names(busy)}.` : ""}`,
    );
  if (failed.length > 0) return 1;
  return signal.aborted ? 130 : 0;
}

/** This project's stacks, as the backend lists them. */
async function stacks(setup) {
  const { code, stdout, stderr } = await run("pulumi", ["stack", "ls", "--json"], setup);
  if (code !== 0) throw new SetupError(complaint(stderr));
  return JSON.parse(stdout);
}

/** Whether a stack goes, and why or why not. */
async function judge(setup, { name, lastUpdate, updateInProgress, resourceCount = 0 }, before) {
  const stays = (why) => ({ goes: false, why: `stays: ${why}` });
  if (updateInProgress) return stays("an update goes on");
  const kind = await kindOf(setup, name, resourceCount);
  if (kind !== "qa") return stays(`its kind is ${kind ?? "not known"}`);
  // Pulumi Cloud does not know when a stack was made that has seen no update; it may be just now.
  if (lastUpdate === undefined) return stays(`it has had no update yet (pulumi stack rm ${name})`);
  const since = Date.parse(lastUpdate);
  if (since > before) return stays(`its last update was ${ago(since)}`);
  const tracked = await isTracked(setup, name);
  if (tracked && resourceCount === 0) return stays("it is empty, and git has its file");
  const what = resourceCount === 0 ? "empty" : `${resourceCount} resources`;
  return { goes: true, tracked, why: `goes: ${what}, its last update was ${ago(since)}` };
}

function ago(time) {
  const minutes = Math.round((Date.now() - time) / 60_000);
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** What a stack is for, from whoever knows it: its outputs, its last update, its file; of what was never more than made, its name. */
async function kindOf(setup, stack, resourceCount) {
  const ask = async (...args) => {
    const { code, stdout } = await run("pulumi", [...args, "--json", "--stack", stack], setup);
    return code === 0 ? JSON.parse(stdout) : undefined;
  };
  const output = resourceCount > 0 ? (await ask("stack", "output"))?.kind : undefined;
  if (output !== undefined) return output;
  const [last] = (await ask("stack", "history", "--page-size", "1")) ?? [];
  if (last?.config?.["mia:kind"] !== undefined) return last.config["mia:kind"].value;
  if (existsSync(join(root, stackFile(stack)))) return configured(stack, "kind") ?? "development";
  return /^pr-\d+$/.test(plainName(stack)) ? "qa" : undefined;
}

async function isTracked(setup, stack) {
  // 1 is git's answer for a file that it does not know; anything else is none.
  return (await run("git", ["ls-files", "--error-unmatch", stackFile(stack)], { env: setup.env })).code !== 1;
}

/** Takes one away, as `npm run qa` would, whose runs it leaves alone; answers with how that went. */
async function takeOne(found, stack, tracked) {
  const folder = join(own, "logs");
  mkdirSync(folder, { recursive: true });
  try {
    const lease = await takeLease(stack);
    await endOrphans(lease);
    const setup = marked(found, lease.mark);
    await takeAway(setup, stack, lease, join(folder, `reap-${plainName(stack)}.log`));
    if (!tracked) await removeStack(setup, stack);
    lease.release();
    return "gone";
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const busy = isBusy(error.message);
    say(`${busy ? "  " : "✘ "}${stack}: ${error.message}`);
    return busy ? "busy" : "failed";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => reap(process.argv.slice(2)));
