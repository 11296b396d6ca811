// Step 4: where the platform's images come from.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildImages, builtImages, prefix } from "./offline/images.mjs";
import { root, run, SetupError, setVariable, step } from "./steps.mjs";

export async function images(setup) {
  await step(setup, "Images", async () => {
    if (setup.env.MIA_IMAGES) return `from ${setup.env.MIA_IMAGES} (MIA_IMAGES)`;
    if (await builtImages()) return use(setup);
    const refusal = await upstreamRefusal(setup);
    if (refusal === undefined) return "upstream's";
    await buildImages(setup);
    return use(setup);
  });
}

function use(setup) {
  setVariable(setup, "MIA_IMAGES", prefix);
  return "built on this machine, from its own registry";
}

/** Why the engine can't pull one of the platform's images from upstream, or undefined if it can. */
async function upstreamRefusal(setup) {
  // One that the platform needs anyway, so that nothing is pulled in vain.
  const image = JSON.parse(readFileSync(join(root, "platform/catalogue/images.json"), "utf8")).consul;
  if ((await run("docker", ["image", "inspect", image], { env: setup.env })).code === 0) return undefined;
  const pulled = await run("docker", ["pull", "--quiet", image], { env: setup.env, timeout: 600_000 });
  if (pulled.code === 0) return undefined;
  const reason = pulled.stderr.trim().split("\n").pop() || pulled.reason;
  // A registry that answers and refuses (a limit, a login) is not one that can't be reached.
  if (/toomanyrequests|unauthorized|denied/i.test(reason)) {
    throw new SetupError(`The image ${image} was refused (${reason}): \`docker login\`, or try again later.`);
  }
  return reason;
}
