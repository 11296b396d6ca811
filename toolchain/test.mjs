// `npm test`: the checks, then the end-to-end tests on real engines, from nothing.

import { add, check, conclude, mocha } from "./check.mjs";
import { prepareTools } from "./mia.mjs";
import { main } from "./steps.mjs";

await main(async () => {
  const setup = await prepareTools();
  const checked = await check(setup);
  const endToEnd = await mocha(setup, "end-to-end tests", process.argv[2] ?? "tests/e2e/**/*.test.ts");
  return conclude(add(checked, endToEnd));
});
