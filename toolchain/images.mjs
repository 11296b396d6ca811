// Step 5: where the platform's images come from.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isElsewhere } from "./docker.mjs";
import { buildImages, builtImages, prefix } from "./offline/images.mjs";
import { configured, longRun, root, run, SetupError, setVariable, step } from "./steps.mjs";

export async function images(setup, stack) {
  await step(setup, "Images", async () => {
    const chosen = configured(stack, "images");
    if (chosen) return `from ${chosen.replace(/[^/]*@/, "…@")} (mia:images)`;
    if (setup.env.MIA_IMAGES) return `from ${setup.env.MIA_IMAGES.replace(/[^/]*@/, "…@")} (MIA_IMAGES)`;
    // What is built here would be in a registry that only this computer reaches.
    if (isElsewhere(stack)) return "upstream's";
    if (await isThere(setup)) return "upstream's";
    if (!(await builtImages())) {
      const refusal = await pullRefusal(setup);
      if (refusal === undefined) return "upstream's";
      await buildImages(setup, refusal);
    }
    setVariable(setup, "MIA_IMAGES", prefix);
    return "built on this machine, from its own registry";
  });
}

// One that the platform needs anyway, so that nothing is pulled in vain.
const { consul: probe } = JSON.parse(readFileSync(join(root, "platform/catalogue/images.json"), "utf8"));

async function isThere(setup) {
  return (await run("docker", ["image", "inspect", probe], { env: setup.env })).code === 0;
}

/** Why the engine can't pull one of the platform's images from upstream, or undefined once it has. */
async function pullRefusal(setup) {
  try {
    await longRun(setup, "Pull from upstream", "docker", ["pull", probe], {});
    return undefined;
  } catch (error) {
    // A registry that answers and refuses (a limit, a login), or a full disk, is not a registry that can't be reached.
    if (/toomanyrequests|unauthorized|pull access denied|manifest unknown|no space left/i.test(error.output ?? "")) {
      throw new SetupError(`The image ${probe} could not be pulled: ${error.message}`);
    }
    return lastLine(error.output ?? error.message);
  }
}

function lastLine(text) {
  return text.trimEnd().split("\n").pop();
}
