// What a platform of many services costs: each is a front end, the smallest that there is, beside the engine's own API
// that creates and starts the same containers. MIA_BENCH_SIZES says how many services, such as `10,50`.

import { join } from "node:path";
import type { Clone } from "../tests/e2e/support/clone.ts";
import { declaredBy } from "./support/declared.ts";
import { DockerApi } from "./support/docker-api.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { MemoryWatch } from "./support/memory-watch.ts";
import { startAll } from "./support/parallel.ts";
import { type Figure, keep } from "./support/results.ts";
import { inPlace, long, newStack, up } from "./support/stack.ts";
import { requestsPerSecond } from "./support/throughput.ts";

const sizes = (process.env["MIA_BENCH_SIZES"] ?? "10,50,100,200").split(",").map(Number);

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
  const times = new Rounds();
  for (const size of sizes) {
    await declare(clone, size);
    await engine.clear();
    await newStack(clone);
    // The images, and what is there before there are services, are not what grows.
    await up(clone);
    const platform = await declaredBy(clone, "dev", "peer");
    for (let round = 0; round < rounds; round++) {
      const add = (name: string, seconds: number) => {
        times.add(`${String(size)}: ${name}`, seconds);
      };
      await engine.clear();
      await newStack(clone);
      add("up", await secondsOf(() => up(clone)));
      add("no-change up", await secondsOf(() => up(clone)));
      // By itself: to look costs time, too.
      const watch = new MemoryWatch(clone);
      await up(clone);
      for (const [name, mib] of watch.stop()) times.add(`${String(size)}: memory of ${name}`, mib);
      add("preview", await secondsOf(() => clone.mustPulumi("preview", "--expect-no-changes")));
      const lb = await engine.container("lb");
      const nothing = await secondsOf(() => engine.must("exec", lb, "true"));
      const reload = await secondsOf(() => engine.must("exec", lb, "sh", "-c", reloading));
      add("reload", Math.max(reload - nothing, 0));
      const edge = { host: await engine.addressOf(await engine.container("edge")), port: 80 };
      add("rate", await requestsPerSecond({ ...edge, path: "/s1/" }));
      add("destroy", await secondsOf(() => long(clone, "destroy", "--exclude-protected", "--yes", "--skip-preview")));
      await engine.clear();
      add("api", await secondsOf(() => startAll(api, platform, join(clone.home, "api"))));
    }
    keepAll(sizes.slice(0, sizes.indexOf(size) + 1), times);
  }
  api.close();
});

/** The figures of all sizes up to now: what comes later may fail. */
function keepAll(done: readonly number[], times: Rounds): void {
  const least = done[0] ?? 0;
  const figures = done.flatMap((size): Figure[] => {
    const name = (what: string) => `${String(size)} services: ${what}`;
    const of = (what: string) => times.of(`${String(size)}: ${what}`);
    const fewest = (what: string) => times.of(`${String(least)}: ${what}`);
    /** What each service costs beyond the first ones, with which come the parts that are there anyway. */
    const each = (what: string) => (((of(what) ?? NaN) - (fewest(what) ?? NaN)) / (size - least)) * 1000;
    const besideFewest = (what: string) => {
      return size === least ? {} : { beside: `with ${String(least)}`, peer: fewest(what) };
    };
    const limit = "Docker's API, all at once";
    return [
      { name: name("`up`"), unit: "s", ours: of("up"), beside: limit, peer: of("api"), goal: 1.5 },
      ...["no-change up", "preview", "destroy"].map((what): Figure => ({
        name: name(what),
        unit: "s",
        ours: of(what),
      })),
      ...(size === least
        ? []
        : [
            {
              name: name("`up`, each further service"),
              unit: "ms" as const,
              ours: each("up"),
              beside: limit,
              peer: each("api"),
              goal: 1.5,
            },
            ...["no-change up", "preview", "destroy"].map((what): Figure => {
              return { name: name(`${what}, each further service`), unit: "ms", ours: each(what) };
            }),
          ]),
      { name: name("the load balancer's reload"), unit: "s", ours: of("reload"), ...besideFewest("reload") },
      { name: name("requests"), unit: "requests/s", ours: of("rate"), ...besideFewest("rate") },
      ...["pulumi", "node", "pulumi-resource-docker"].map((what): Figure => ({
        name: name(`memory of ${what}`),
        unit: "MiB",
        ours: of(`memory of ${what}`),
      })),
    ];
  });
  keep("growth", "Many services", figures);
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
