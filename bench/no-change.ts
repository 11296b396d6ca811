// Nothing is changed: what an `up` and a preview take then, beside Compose's `up` of an equal platform.

import { join } from "node:path";
import { Compose } from "./support/compose.ts";
import { declaredBy } from "./support/declared.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";

await inPlace(async ({ clone, engine }) => {
  await newStack(clone);
  await up(clone);
  const compose = Compose.of(engine, await declaredBy(clone, "dev", "peer"), join(clone.home, "compose"));
  await compose.run("up", "-d", "--wait");

  const times = new Rounds();
  for (let round = 0; round < rounds; round++) {
    times.add("up", await secondsOf(() => up(clone)));
    times.add("preview", await secondsOf(() => clone.mustPulumi("preview", "--expect-no-changes")));
    times.add("compose", await secondsOf(() => compose.run("up", "-d")));
    times.add("compose --wait", await secondsOf(() => compose.run("up", "-d", "--wait")));
  }

  const beside = "docker compose up -d";
  const peer = times.of("compose");
  keep("no-change", "Nothing changed", [
    { name: "`up`", unit: "s", ours: times.of("up"), beside, peer, goal: 1 },
    { name: "preview", unit: "s", ours: times.of("preview"), beside, peer, goal: 1 },
    {
      name: "`up`, which waits until all is well",
      unit: "s",
      ours: times.of("up"),
      beside: `${beside} --wait`,
      peer: times.of("compose --wait"),
    },
  ]);
});
