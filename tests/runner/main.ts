// The end-to-end tests: provides what the selected files require, runs them in lanes, and ends with a table of times.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { check, conclude } from "../../toolchain/check.mjs";
import { main, say, SetupError } from "../../toolchain/steps.mjs";
import { add, balance, nameOf, type Result, runLane } from "./lanes.ts";
import { provide, unitsOf } from "./requirements.ts";
import { secondsIn, table } from "./table.ts";

const folder = "tests/e2e";
const timesFile = "tests/TIMES.md";
/** As many as the machine has cores in CI; each lane has an engine of its own. */
const lanes = 2;

/** Some files by themselves, without the checks: the way to work on one of them. */
async function some(files: readonly string[]): Promise<Result> {
  return runLane(await provide(files), "alone", files, true);
}

/** The checks, then all files. */
async function all(): Promise<Result> {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `${folder}/${file}`);
  const setup = await provide(files);
  const checked = { ...(await check(setup)), times: [] };
  const balanced = balance(unitsOf(files), secondsIn(readFileSync(timesFile, "utf8")), lanes);
  balanced.forEach((lane, i) => {
    say(`  lane ${String(i + 1)}: ${lane.map(nameOf).join(", ")}`);
  });
  const results = await Promise.all(balanced.map((lane, i) => runLane(setup, `lane-${String(i + 1)}`, lane)));
  return add(checked, ...results);
}

async function test(files: readonly string[]): Promise<Result> {
  if (files.length > 0) return some(files);
  return all();
}

await main(async () => {
  try {
    const result = await test(process.argv.slice(2));
    const times = table(result.times);
    console.log(times);
    if (process.env["MIA_FIGURES"]) writeFileSync(timesFile, `# Times of the end-to-end tests\n\n${times}\n`);
    return conclude(result);
  } catch (error) {
    // A set-up that fails is a result too.
    if (!(error instanceof SetupError)) throw error;
    say(`✘ ${error.message}`);
    return conclude({ passed: 0, failed: 1 });
  }
});
