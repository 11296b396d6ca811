// `npm run qa` in its stages, beside an equal compose file: `up -d --wait` and `down -v`. Images are there.

import { join } from "node:path";
import { type Ended, succeed } from "../tests/e2e/support/command.ts";
import { Compose } from "./support/compose.ts";
import { declaredBy } from "./support/declared.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { keep } from "./support/results.ts";
import { inPlace } from "./support/stack.ts";

await inPlace(async ({ clone, engine }) => {
  await clone.mustPulumi("stack", "select", "qa", "--create");
  await clone.mustPulumi("up", "--yes", "--skip-preview");
  const compose = Compose.of(engine, await declaredBy(clone, "qa", "peer"), join(clone.home, "compose"));
  await clone.mustPulumi("destroy", "--yes", "--skip-preview");

  const times = new Rounds();
  const qa = (): Promise<Ended> => succeed("npm", ["run", "qa"], { cwd: clone.folder, env: clone.env });
  for (let round = 0; round < rounds; round++) {
    const all = await secondsOf(async () => {
      for (const [stage, seconds] of stagesOf((await qa()).output)) times.add(stage, seconds);
    });
    times.add("all", all);
    times.add("compose: up", await secondsOf(() => compose.run("up", "-d", "--wait")));
    times.add("compose: destroy", await secondsOf(() => compose.run("down", "--volumes")));
  }
  const peers: Record<string, string> = { up: "docker compose up -d --wait", destroy: "docker compose down --volumes" };
  keep(
    "qa",
    "`npm run qa` in stages",
    ["up", "acceptance", "destroy", "all"].map((stage) => {
      const beside = peers[stage];
      const ours = { name: stage, unit: "s" as const, ours: times.of(stage) };
      return beside === undefined ? ours : { ...ours, beside, peer: times.of(`compose: ${stage}`), goal: 1 };
    }),
  );
});

/** The stages that its last line names, with their seconds. The clean start is a destroy too, and the last one counts. */
function stagesOf(output: string): Map<string, number> {
  const line = output.split("\n").findLast((one) => one.startsWith("✔ Stack")) ?? "";
  const stages = line.matchAll(/(\w+) (?:(\d+) min )?([\d.]+) s/g);
  return new Map(
    [...stages].map(([, name = "", minutes = "0", seconds]) => [name, Number(minutes) * 60 + Number(seconds)]),
  );
}
