// `npm run qa`: a stack of the kind qa is brought up, accepted and taken away; whatever happens, nothing of it is left.
// docs/delivery.md says what the exit codes mean, and what the next run does after one that was killed.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { accept, suiteArguments, suiteOptions } from "./accept.mjs";
import { parse, plainName } from "./arguments.mjs";
import { config } from "./config.mjs";
import { keepLogs } from "./container-logs.mjs";
import { marked } from "./family.mjs";
import { listen } from "./interrupt.mjs";
import { takeLease } from "./lease.mjs";
import { create, prepare } from "./mia.mjs";
import { complaint, readState } from "./remains.mjs";
import { installFilter, withoutIdleSalt } from "./stack-file-filter.mjs";
import { configured, main, own, root, say, SetupError, stackFile, time } from "./steps.mjs";
import { endOrphans, removeStack, takeAway, update } from "./take-away.mjs";
import { codes, verdict } from "./verdict.mjs";

async function qa(args) {
  const usage = "npm run qa -- [--stack NAME [--registry ADDRESS]] [--junit FILE] [--timeout-seconds N]";
  const options = {
    stack: { type: "string", short: "s", default: "qa" },
    registry: { type: "string" },
    ...suiteOptions,
  };
  const { stack, registry, ...values } = parse(args, options, usage).values;
  const suite = suiteArguments(stack, values);
  refuseOtherKinds(stack);
  const lease = await takeLease(stack);
  let begun = false;
  const signal = listen(() => {
    if (begun) return say("  Interrupted: what there is of the stack is taken away.");
    // There is nothing yet, and what the set-up runs hears of it in the terminal too.
    lease.release({ nothingDone: true });
    say("✘ Interrupted in the set-up, before there was anything.");
    process.exit(codes.interrupted);
  });
  try {
    await endOrphans(lease);
    if (registry !== undefined && hasFile(stack) && !lease.made) throw new SetupError(itsOwnRegistry(stack));
    const setup = marked(await prepare({ stack: hasFile(stack) ? stack : "qa", quiet: true }), lease.mark);
    await refuseUnknown(setup, stack, lease);
    begun = true;
    const folder = join(own, "qa", plainName(stack), new Date().toISOString().replace(/[:.]/g, "-"));
    mkdirSync(folder, { recursive: true });
    return await stages({ setup, stack, registry, lease, signal, suite, folder });
  } catch (error) {
    if (!begun) lease.release({ nothingDone: true });
    throw error;
  }
}

/** The stages; each that fails is one sentence, and the first of them says how the run ended. */
async function stages(it) {
  const failures = [];
  const times = [];
  const stage = async (name, title, body) => {
    say(`▶ ${title} of stack ${it.stack}`);
    const from = Date.now();
    const fails = (failed, words) => failures.push({ stage: failed, words });
    try {
      await body(it);
      times.push(`${name} ${time((Date.now() - from) / 1000)}`);
      if (it.signal.aborted && failures.length === 0) fails("interrupted", `interrupted in the ${title}`);
      return true;
    } catch (error) {
      if (!(error instanceof SetupError) && error.syscall === undefined) say(error.stack);
      if (it.signal.aborted && failures.length === 0) fails("interrupted", `interrupted in the ${title}`);
      // Who is interrupted may fail; what is taken away may not.
      if (!it.signal.aborted || name === "destroy") fails(name, error.message);
      return false;
    }
  };
  const isWell = () => failures.length === 0;

  let gone = await stage("destroy", "clean start", takeAllAway);
  if (gone && isWell()) {
    if ((await stage("up", "up", up)) && isWell()) await stage("acceptance", "acceptance", isAccepted);
    if (failures.some((failure) => failure.stage !== "interrupted")) await keepLogs(it);
    gone = await stage("destroy", "destroy", takeAllAway);
  }
  if (gone) it.lease.release();
  else await keepLogs(it);
  installFilter(); // Pulumi may have written the stack's file
  return conclude(it, { failures, times, gone });
}

/** Brings it up; where there is no such stack, it is made for this run alone, as qa is. */
async function up({ setup, stack, registry, lease, signal, folder }) {
  const file = join(root, stackFile(stack));
  if (!existsSync(file)) {
    lease.note({ made: true });
    writeFileSync(file, withoutIdleSalt(readFileSync(join(root, stackFile("qa")), "utf8")));
  }
  await create(stack, setup.env);
  if (registry !== undefined) await useRegistry(setup, stack, registry);
  const { code, output } = await update(setup, stack, lease, ["up"], { log: join(folder, "up.log"), signal });
  if (code !== 0) throw new SetupError(`up of stack ${stack} failed (${complaint(output)})`);
}

/** Keeps its images there, or nowhere but on the engine, whatever qa's own config says. */
async function useRegistry(setup, stack, address) {
  await config(setup, stack, "rm", "mia:registry");
  if (address !== "") await config(setup, stack, "set", "--path", "mia:registry.address", address);
}

function itsOwnRegistry(stack) {
  return `--registry is for a stack that is made for the run: ${stackFile(stack)} is there, and its mia:registry is what counts. Fix: npm run qa -- --stack NAME, of which there is no file.`;
}

async function isAccepted(it) {
  it.passed = await accept(it.setup, it.stack, { ...it.suite, mark: it.lease.mark, signal: it.signal });
}

/**
 * Not to be interrupted: it is what an interruption comes down to. A command that is about to leave the process group of the
 * terminal may hear of it all the same, so it is tried again.
 */
async function takeAllAway({ setup, stack, lease, signal, folder }) {
  const once = async () => {
    await takeAway(setup, stack, lease, join(folder, "destroy.log"));
    if (lease.made) await removeStack(setup, stack);
    lease.note({ made: false });
  };
  try {
    await once().catch((error) => (signal.aborted ? once() : Promise.reject(error)));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(`destroy of stack ${stack} failed (${error.message.replace(/\.$/, "")})`);
  }
}

/** Keeps what tells of a failure, and ends with the last line. */
function conclude({ stack, suite, folder, passed }, { failures, times, gone }) {
  const refused = failures.some(({ stage }) => stage === "acceptance");
  if (refused && existsSync(suite.junit)) copyFileSync(suite.junit, join(folder, "acceptance.xml"));
  if (failures.every(({ stage }) => stage === "interrupted")) rmSync(folder, { recursive: true });
  const places = { report: relative(root, suite.junit), folder: relative(root, folder) };
  const { code, words } = verdict({ stack, failures, times, gone, passed, ...places });
  say(words);
  return code;
}

function hasFile(stack) {
  return existsSync(join(root, stackFile(stack)));
}

/** A stack of which nothing is known here but that it is there may be anybody's. */
async function refuseUnknown(setup, stack, lease) {
  if (hasFile(stack) || lease.made || (await readState(setup, stack)) === undefined) return;
  throw new SetupError(
    `Stack ${stack} is there, but its ${stackFile(stack)} is not: go to the clone that has it, or take another name.`,
  );
}

/** What this brings up it takes away with all data: not where that is to be kept. */
function refuseOtherKinds(stack) {
  const judged = hasFile(stack) ? stack : "qa";
  const kind = configured(judged, "kind") ?? "development";
  if (kind === "qa") return;
  throw new SetupError(
    `${stackFile(judged)}: mia:kind: got ${kind}, need qa, since \`npm run qa\` takes the stack away with all its data. Fix: npm run qa -- --stack qa`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => qa(process.argv.slice(2)));
