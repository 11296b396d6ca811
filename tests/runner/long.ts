// `npm run test:long`: everything repeated, random, at each boundary or at scale. Takes hours.

import { readdirSync } from "node:fs";
import { conclude } from "../../toolchain/check.mjs";
import { main, setVariable } from "../../toolchain/steps.mjs";
import { add, nameOf, type Result, runLane } from "./lanes.ts";
import { provide } from "./requirements.ts";
import { table } from "./table.ts";

const loadRuns = 3;
/** The changes that a run under load makes, and how many requests all of them meet at least. */
const [changes, requests] = [14, 20_000];
/** Files of which `npm test` runs a part: with MIA_LONG they run with full counts. */
const whole = [
  "bad-input",
  "setup",
  "recovery",
  "pipelines",
  "machine",
  "machine-failures",
  "machine-lost",
  "qa",
  "qa-interrupted",
  "images",
  "deploy",
  "backup",
  "crash",
  "chaos",
  "honest-preview",
].map((name) => `tests/e2e/${name}.test.ts`);
/** Files that only this suite has. */
const only = readdirSync("tests/long")
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => `tests/long/${file}`);

await main(async () => {
  const load = "tests/e2e/zero-downtime.test.ts";
  const setup = await provide([load, ...whole, ...only]);
  const results: Result[] = [];
  const run = async (lane: string, file: string) => results.push(await runLane(setup, lane, [file], true));
  setVariable(setup, "MIA_LONG", "1");
  setVariable(setup, "MIA_LOAD_REQUESTS", String(Math.ceil(requests / changes)));
  for (let i = 1; i <= loadRuns; i++) await run(`load-${String(i)}`, load);
  for (const file of [...only, ...whole, "tests/unit/bad-input.test.ts"]) await run(nameOf(file), file);
  const result = add(...results);
  console.log(table(result.times));
  return conclude(result);
});
