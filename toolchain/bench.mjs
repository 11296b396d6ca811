// `npm run bench`: the benchmarks, one after the other, each beside what it is compared with.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compose } from "./compose.mjs";
import { prepareTools } from "./mia.mjs";
import { handOver, main, root } from "./steps.mjs";

await main(async () => {
  const setup = await prepareTools();
  await compose(setup);
  for (const file of readdirSync(join(root, "bench")).filter((name) => name.endsWith(".ts"))) {
    const code = await handOver("node", [join("bench", file)], setup.env);
    if (code !== 0) return code;
  }
  return 0;
});
