import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contentHash } from "../../delivery/content-hash.mjs";
import { cache, longRun, setVariable, step } from "../../toolchain/steps.mjs";
import type { Setup } from "./requirements.ts";

const prefix = "test-disk-";
/** What the images follow from that are on the disk; services change often, and their images are quickly built. */
const sources = ["images", "lb", "edge", "platform/catalogue/images.json"];

/** Makes sure of the disk that the tests' engines start with a copy of, and names it in MIA_TEST_DISK. */
export async function testDisk(setup: Setup): Promise<void> {
  await step(setup, "Test engine's images", async () => {
    const { MIA_TEST_ENGINE: engine = "", MIA_IMAGES: images = "" } = setup.env;
    const name = `${prefix}${contentHash(sources, engine, images)}.ext4`;
    const file = join(cache, name);
    setVariable(setup, "MIA_TEST_DISK", file);
    if (existsSync(file)) return "kept by an earlier run";
    for (const old of readdirSync(cache).filter((one) => one.startsWith(prefix))) rmSync(join(cache, old));
    await longRun(
      setup,
      "Put images on the test engines' disk (2 minutes)",
      "node",
      ["tests/runner/make-disk.ts", file],
      {},
    );
    return "pulled and built";
  });
}
