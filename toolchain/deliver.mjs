// Loads delivery.mjs, with the catalogue that it reads: a typo in that ends in one sentence, too.

import { brokenFile } from "../platform/broken-file.ts";
import { ConfigError } from "../platform/problem.ts";
import { main, root, SetupError } from "./steps.mjs";

await main(async () => {
  const { deliverImages } = await import("./delivery.mjs").catch((error) => {
    const broken = brokenFile(error, root);
    throw broken === undefined ? error : new SetupError(new ConfigError([broken]).message);
  });
  return deliverImages(process.argv.slice(2));
});
