// Makes the disk that the tests' engines start with a copy of: the platform's images, pulled and built once for all of them.

import { readFileSync } from "node:fs";
import { Clone } from "../e2e/support/clone.ts";
import { OwnEngine } from "../e2e/support/own-engine.ts";
import { commandSeconds } from "../support/limits.ts";

const [file = ""] = process.argv.slice(2);
const engine = await OwnEngine.start({ empty: true });
try {
  const clone = await Clone.make({ dockerHost: engine.host });
  try {
    // All that qa needs holds all that dev needs.
    const built = await clone.run("npm", ["run", "build", "--", "--stack", "qa"], {}, commandSeconds.setUp);
    if (built.code !== 0) throw new Error(built.output);
  } finally {
    clone.remove();
  }
  const images = JSON.parse(readFileSync("platform/catalogue/images.json", "utf8")) as Record<string, string>;
  for (const image of Object.values(images)) await engine.must("pull", `${process.env["MIA_IMAGES"] ?? ""}${image}`);
  await engine.keepDisk(file);
} catch (error) {
  await engine.remove();
  throw error;
}
