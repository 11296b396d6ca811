// `npm run bench`: the benchmarks, one after the other, each beside what it is compared with; `npm run bench -- NAME …` for
// some. What they find goes to bench/RESULTS.md and bench/results.json.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compose } from "./compose.mjs";
import { prepareTools } from "./mia.mjs";
import { handOver, main, root, SetupError } from "./steps.mjs";

await main(async () => {
  const files = readdirSync(join(root, "bench")).filter((name) => name.endsWith(".ts"));
  const names = files.map((name) => name.slice(0, -3));
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new SetupError(
      `npm run bench: got ${unknown.join(" and ")}, need some of ${names.join(", ")}, or none for all.`,
    );
  const setup = await prepareTools();
  await compose(setup);
  for (const name of wanted.length > 0 ? wanted : names) {
    const code = await handOver("node", [join("bench", `${name}.ts`)], setup.env);
    if (code !== 0) return code;
  }
  return 0;
});
