// `npm test`: makes sure of Node and the packages, then hands over to the tests, which provide what they require.

import { node } from "./node.mjs";
import { handOver, main, newSetup } from "./steps.mjs";

await main(async () => {
  const setup = newSetup();
  await node(setup);
  return handOver("node", ["tests/runner/main.ts", ...process.argv.slice(2)], setup.env);
});
