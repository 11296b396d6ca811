// `npm test`: the checks, then the end-to-end tests on real engines, from nothing.

import { browser } from "./browser.mjs";
import { add, check, conclude, mocha } from "./check.mjs";
import { ensureDockerMachine } from "./docker-machine.mjs";
import { prepareTools } from "./mia.mjs";
import { ssh } from "./ssh.mjs";
import { main, say, SetupError } from "./steps.mjs";

async function test() {
  const setup = await prepareTools();
  await browser(setup);
  await ssh(setup);
  await ensureDockerMachine(setup);
  const checked = await check(setup);
  const endToEnd = await mocha(setup, "end-to-end tests", process.argv[2] ?? "tests/e2e/**/*.test.ts");
  return add(checked, endToEnd);
}

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
