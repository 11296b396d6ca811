// `npm run accept`: the acceptance suite (acceptance/) against what runs of a stack, with a report here and as JUnit XML.

import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, plainName, wholeSeconds } from "./arguments.mjs";
import { runFamily } from "./family.mjs";
import { listen } from "./interrupt.mjs";
import { prepare } from "./mia.mjs";
import { outputs } from "./platform.mjs";
import { main, own, root, say, SetupError } from "./steps.mjs";

/** What both this and `npm run qa` can be told of the suite. */
export const suiteOptions = {
  junit: { type: "string" },
  "timeout-seconds": { type: "string", default: "300" },
};

export function suiteArguments(stack, values) {
  const file = values.junit ?? join(own, "accept", `${plainName(stack)}.xml`);
  return { junit: resolve(file), seconds: wholeSeconds("--timeout-seconds", values["timeout-seconds"]) };
}

/**
 * Runs the suite, and ends it with all that it has started where it takes too long; answers with how many tests passed.
 * @throws SetupError in one sentence where the stack is not accepted.
 */
export async function accept(setup, stack, { junit, seconds, mark, signal }) {
  const progress = join(own, "accept", `${plainName(stack)}.progress.json`);
  try {
    const env = {
      ...setup.env,
      MIA_OUTPUTS: JSON.stringify(await outputs(setup, stack)),
      MIA_ACCEPT_PROGRESS: progress,
      MIA_ACCEPT_JUNIT: junit,
    };
    for (const file of [junit, progress]) {
      mkdirSync(dirname(file), { recursive: true });
      rmSync(file, { force: true });
    }
    const args = ["node_modules/mocha/bin/mocha.js", "--config", "acceptance/mocharc.json"];
    const { code, late } = await runFamily("node", args, { env, mark, signal, seconds, graceSeconds: 5 });
    const { passed, failed, running, ended } = read(progress);
    if (code === 0 && ended) return passed;
    const words = late ? hung(stack, seconds, running) : refusal(stack, passed, failed, ended, junit);
    if (!ended) writeFileSync(junit, report(running ?? "the suite", words));
    throw new SetupError(words);
  } finally {
    rmSync(progress, { force: true });
  }
}

function hung(stack, seconds, running) {
  return `The acceptance tests of stack ${stack} did not end within ${seconds} s: at ${JSON.stringify(running)} they were ended, with all that they had started (more time: --timeout-seconds ${seconds * 2}).`;
}

function refusal(stack, passed, failed, ended, junit) {
  if (!ended) return `The acceptance tests of stack ${stack} ended before their end: see what they say above.`;
  const all = passed + failed.length;
  return `${failed.length} of ${all} acceptance tests of stack ${stack} failed, first ${JSON.stringify(failed[0])}: see above, and ${relative(root, junit)}.`;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: [], running: "the start", ended: false }; // mocha did not get so far
  }
}

/** A suite that was ended can't write its report itself. */
function report(test, words) {
  const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<testsuite name="Acceptance" tests="1" failures="0" errors="1" skipped="0">
<testcase classname="" name="${escape(test)}"><failure>${escape(words)}</failure></testcase>
</testsuite>
`;
}

async function command(args) {
  const usage = "npm run accept -- [--stack NAME] [--junit FILE] [--timeout-seconds N]";
  const options = { stack: { type: "string", short: "s", default: "dev" }, ...suiteOptions };
  const { stack, ...values } = parse(args, options, usage).values;
  const suite = suiteArguments(stack, values);
  const setup = await prepare({ stack, quiet: true });
  const signal = listen(() => {});
  try {
    const passed = await accept(setup, stack, { ...suite, mark: randomUUID(), signal });
    say(`✔ Stack ${stack} is accepted: ${passed} tests passed (${relative(root, suite.junit)})`);
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    say("✘ Interrupted: the acceptance tests were ended, with all that they had started.");
    return 130;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => command(process.argv.slice(2)));
