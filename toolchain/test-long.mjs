// `npm run test:long`: the tests under load with the full counts, three times over, every interruption of a QA run, every crash and every
// trouble of a part.

import { add, conclude, mocha } from "./check.mjs";
import { prepareTools } from "./mia.mjs";
import { main, setVariable } from "./steps.mjs";

const runs = 3;
const changes = 14; // that a run makes, each under so many requests at least
const requests = 20_000;

await main(async () => {
  const setup = await prepareTools();
  setVariable(setup, "MIA_LOAD_REQUESTS", String(Math.ceil(requests / changes)));
  const results = [];
  for (let run = 1; run <= runs; run++) {
    results.push(await mocha(setup, `load run ${run}`, ["tests/e2e/zero-downtime.test.ts"]));
  }
  setVariable(setup, "MIA_LONG", "1");
  results.push(await mocha(setup, "interruptions", ["tests/e2e/qa-interrupted.test.ts"]));
  results.push(await mocha(setup, "crashes", ["tests/e2e/crash.test.ts"]));
  results.push(await mocha(setup, "trouble", ["tests/e2e/chaos.test.ts"]));
  return conclude(add(...results));
});
