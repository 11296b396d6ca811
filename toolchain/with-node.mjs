// Runs a script of ours with the Node that the set-up found or brought: node toolchain/with-node.mjs script.ts [argument …]

import { node } from "./node.mjs";
import { handOver, main, newSetup } from "./steps.mjs";

await main(async () => {
  const setup = newSetup({ quiet: true });
  await node(setup);
  return handOver("node", process.argv.slice(2), setup.env);
});
