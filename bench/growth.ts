// What a platform of many services costs: each is a front end, the smallest that there is, beside the engine's own API
// that creates and starts the same containers. A table for each size: the large ones take long, and MIA_BENCH_SIZES says of
// which sizes to make it anew, such as `100,200`.

import { join } from "node:path";
import type { Clone } from "../tests/e2e/support/clone.ts";
import { declaredBy } from "./support/declared.ts";
import { DockerApi } from "./support/docker-api.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { MemoryWatch } from "./support/memory-watch.ts";
import { startAll } from "./support/parallel.ts";
import { type Figure, keep, kept } from "./support/results.ts";
import { inPlace, long, newStack, up } from "./support/stack.ts";
import { requestsPerSecond } from "./support/throughput.ts";

const sizes = (process.env["MIA_BENCH_SIZES"] ?? "10,50,100,200").split(",").map(Number);
/** The size that others are compared with. */
const least = 10;

/** Reloads nginx, and ends when no worker serves that did so before. */
const reloading = `
workers() {
  for process in /proc/[0-9]*; do
    title=$(tr -d '\\0' < $process/cmdline 2> /dev/null)
    [ "$title" != 'nginx: worker process' ] || echo "$process"
  done
}
old=$(workers)
load-routes
for process in $old; do
  while [ "$(tr -d '\\0' < $process/cmdline 2> /dev/null)" = 'nginx: worker process' ]; do sleep 0.01; done
done
`;

await inPlace(async ({ clone, engine }) => {
  await clone.edit("platform/catalogue/microservices.ts", (text) =>
    text.replace(/(?<=microservices = )\{[^]*?\n\}/, "{}"),
  );
  const api = new DockerApi(engine);
  for (const size of sizes) {
    const times = new Rounds();
    await declare(clone, size);
    await engine.clear();
    await newStack(clone);
    // The images, and what is there before there are services, are not what grows.
    await up(clone);
    const platform = await declaredBy(clone, "dev", "peer");
    for (let round = 0; round < rounds; round++) {
      console.error(`${String(size)} services, round ${String(round + 1)}`);
      await engine.clear();
      await newStack(clone);
      times.add("up", await secondsOf(() => up(clone)));
      times.add("no-change up", await secondsOf(() => up(clone)));
      // By itself: to look costs time, too.
      const watch = new MemoryWatch(clone);
      await up(clone);
      for (const [name, mib] of watch.stop()) times.add(`memory of ${name}`, mib);
      times.add("preview", await secondsOf(() => clone.mustPulumi("preview", "--expect-no-changes")));
      const lb = await engine.container("lb");
      const nothing = await secondsOf(() => engine.must("exec", lb, "true"));
      const reload = await secondsOf(() => engine.must("exec", lb, "sh", "-c", reloading));
      times.add("reload", Math.max(reload - nothing, 0));
      const edge = { host: await engine.addressOf(await engine.container("edge")), port: 80 };
      times.add("rate", await requestsPerSecond({ ...edge, path: "/s1/" }));
      times.add(
        "destroy",
        await secondsOf(() => long(clone, "destroy", "--exclude-protected", "--yes", "--skip-preview")),
      );
      await engine.clear();
      times.add("api", await secondsOf(() => startAll(api, platform, join(clone.home, "api"))));
    }
    keepSize(size, times);
  }
  api.close();
});

function keepSize(size: number, times: Rounds): void {
  const limit = "Docker's API, all at once";
  const ours = (name: string, what = name): Figure => ({ name, unit: "s", ours: times.of(what) });
  const each = (name: string, what = name, peer?: string): Figure[] => {
    const before = kept(`${benchmarkOf(least)}: ${name}`);
    if (size === least || before === undefined) return [];
    /** What each service costs beyond the first ones, with which come the parts that are there anyway. */
    const one = (now = NaN, then = NaN) => ((now - then) / (size - least)) * 1000;
    return [
      {
        name: `${name}, each beyond ${String(least)}`,
        unit: "ms",
        ours: one(times.of(what), before.ours),
        ...(peer === undefined ? {} : { beside: limit, peer: one(times.of(peer), before.peer ?? NaN), goal: 1.5 }),
      },
    ];
  };
  const whole = ["no-change up", "preview", "destroy"];
  keep(benchmarkOf(size), `${String(size)} services`, [
    { ...ours("`up`", "up"), beside: limit, peer: times.of("api"), goal: 1.5 },
    ...whole.map((what) => ours(what)),
    ...each("`up`", "up", "api"),
    ...whole.flatMap((what) => each(what)),
    ours("the load balancer's reload", "reload"),
    { name: "requests", unit: "requests/s", ours: times.of("rate") },
    ...["pulumi", "node", "pulumi-resource-docker"].map((what): Figure => {
      return { name: `memory of ${what}`, unit: "MiB", ours: times.of(`memory of ${what}`) };
    }),
  ]);
}

function benchmarkOf(size: number): string {
  return `growth-${String(size)}`;
}

/** Gives the catalogue so many front ends, s1, s2 …, with the files of one of the samples. */
async function declare(clone: Clone, size: number): Promise<void> {
  const entries = Array.from({ length: size }, (_, i) => {
    return `  s${String(i + 1)}: { source: "frontend/keep_www", product: "growth" },\n`;
  });
  await clone.edit("platform/catalogue/frontends.ts", (text) => {
    return text.replace(/(?<=frontends = \{\n)[^]*?(?=\} satisfies)/, entries.join(""));
  });
}
