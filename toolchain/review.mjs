// `npm run review`: what a pull request changes. It needs no engine and no state; but where the user has a backend, and
// stacks that run, Pulumi is asked.

import { docker } from "./docker.mjs";
import { node } from "./node.mjs";
import { pulumi } from "./pulumi.mjs";
import { state, usersBackend } from "./state.mjs";
import { handOver, main, newSetup } from "./steps.mjs";

await main(async () => {
  const [verb, ...args] = process.argv.slice(2);
  const setup = newSetup({ quiet: true });
  await node(setup);
  if (verb === "post") return handOver("node", ["review/post.ts", ...args], setup.env);
  if (usersBackend(setup.env) !== undefined) {
    await pulumi(setup);
    await docker(setup);
    await state(setup, "qa");
    setup.env.MIA_REVIEW_BACKEND = "1";
  }
  return handOver("node", ["review/review.ts", ...process.argv.slice(2)], setup.env);
});
