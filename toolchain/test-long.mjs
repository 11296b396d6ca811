// `npm run test:long`: makes sure of Node and the packages, then hands over to the long suite.

import { node } from "./node.mjs";
import { handOver, main, newSetup } from "./steps.mjs";

await main(async () => {
  const setup = newSetup();
  await node(setup);
  return handOver("node", ["tests/runner/long.ts"], setup.env);
});
