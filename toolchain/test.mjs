// `npm test`: the checks, then the end-to-end tests on real engines, from nothing.

import { readdirSync } from "node:fs";
import { browser } from "./browser.mjs";
import { add, check, conclude, mocha } from "./check.mjs";
import { ensureDockerMachine } from "./docker-machine.mjs";
import { prepareTools } from "./mia.mjs";
import { ssh } from "./ssh.mjs";
import { main, say, SetupError } from "./steps.mjs";
import { syft } from "./syft.mjs";

const folder = "tests/e2e";
/** These hold the platform to seconds: nothing runs beside them. */
const alone = ["service", "zero-downtime"];
/** Of those that run two at a time, the ones that take longest and therefore go first. */
const longest = [
  "setup",
  "backup",
  "crash",
  "machine",
  "pipelines",
  "images",
  "machine-article",
  "qa",
  "deploy",
  "platform",
  "honest-preview",
  "machine-failures",
  "chaos",
];

async function test() {
  const setup = await prepareTools();
  await browser(setup);
  await ssh(setup);
  await ensureDockerMachine(setup);
  await syft(setup);
  const checked = await check(setup);
  if (process.argv.length > 2) return add(checked, await mocha(setup, "end-to-end tests", process.argv.slice(2)));
  const all = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
  const others = all.map((file) => file.replace(".test.ts", "")).filter((name) => !alone.includes(name));
  const together = await mocha(
    setup,
    "end-to-end tests, two files at a time",
    paths(new Set([...longest, ...others])),
    2,
  );
  return add(checked, together, await mocha(setup, "end-to-end tests of time", paths(alone)));
}

const paths = (names) => [...names].map((name) => `${folder}/${name}.test.ts`);

await main(async () => {
  try {
    return conclude(await test());
  } catch (error) {
    // Also a set-up that fails is a result.
    if (!(error instanceof SetupError)) throw error;
    say(`✘ ${error.message}`);
    return conclude({ passed: 0, failed: 1 });
  }
});
