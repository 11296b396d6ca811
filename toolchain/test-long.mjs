// `npm run test:long`: the tests under load three times over, and all that `npm test` does a part of, with the full counts.

import { add, conclude, mocha } from "./check.mjs";
import { prepareTools } from "./mia.mjs";
import { main, setVariable } from "./steps.mjs";

const runs = 3;
const changes = 14; // that a run makes, each under so many requests at least
const requests = 20_000;
const whole = ["unit/bad-input", "e2e/qa-interrupted", "e2e/backup", "e2e/crash", "e2e/chaos", "e2e/honest-preview"];

await main(async () => {
  const setup = await prepareTools();
  setVariable(setup, "MIA_LOAD_REQUESTS", String(Math.ceil(requests / changes)));
  const results = [];
  for (let run = 1; run <= runs; run++) {
    results.push(await mocha(setup, `load run ${run}`, ["tests/e2e/zero-downtime.test.ts"]));
  }
  setVariable(setup, "MIA_LONG", "1");
  for (const name of whole) results.push(await mocha(setup, name, [`tests/${name}.test.ts`]));
  return conclude(add(...results));
});
