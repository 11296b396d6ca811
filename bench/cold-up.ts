// The whole platform from images that are there, until the first request of the acceptance flow is answered.

import { join } from "node:path";
import { Compose } from "./support/compose.ts";
import { declaredBy, publishedPort } from "./support/declared.ts";
import { DockerApi } from "./support/docker-api.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { startAll } from "./support/parallel.ts";
import { firstRequest } from "./support/requests.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";

await inPlace(async ({ clone, engine }) => {
  // Brings the images, and says what is declared.
  await newStack(clone);
  await up(clone);
  const platform = await declaredBy(clone, "dev", "peer");
  const http = publishedPort(platform, "edge", 80);
  const compose = Compose.of(engine, platform, join(clone.home, "compose"));
  // What would favour Compose most: it waits for Docker's checks, and would have them all the time.
  const hasty = Compose.of(engine, platform, join(clone.home, "hasty"), "1s");
  const api = new DockerApi(engine);
  const times = new Rounds();

  const contenders = {
    mia: { port: clone.ports.http, start: () => up(clone) },
    compose: { port: http, start: () => compose.run("up", "-d", "--wait") },
    hasty: { port: http, start: () => hasty.run("up", "-d", "--wait") },
    api: { port: http, start: () => startAll(api, platform, join(clone.home, "api")) },
  };
  for (let round = 0; round < rounds; round++) {
    for (const [name, { port, start }] of Object.entries(contenders)) {
      await engine.clear();
      await newStack(clone);
      const from = performance.now();
      // Sent all along, since a platform may answer before its command has ended.
      const answer = secondsOf(() => firstRequest(port));
      times.add(`${name}: command`, await secondsOf(start));
      await firstRequest(port);
      times.add(`${name}: command and request`, (performance.now() - from) / 1000);
      times.add(`${name}: first answer`, await answer);
    }
  }
  api.close();

  const beside = "docker compose up -d --wait";
  const limit = "Docker's API, all at once";
  const of = (name: string) => ({ unit: "s" as const, ours: times.of(`mia: ${name}`) });
  keep("cold-up", "Cold `up` of the whole platform", [
    {
      name: "`up`, then the first request answered",
      ...of("command and request"),
      beside,
      peer: times.of("compose: command and request"),
      goal: 1,
    },
    {
      name: "`up`, then the first request answered, beside hasty checks",
      ...of("command and request"),
      beside: `${beside}, checks every second`,
      peer: times.of("hasty: command and request"),
    },
    { name: "`up` alone", ...of("command"), beside, peer: times.of("compose: command") },
    { name: "first answer, asked all along", ...of("first answer"), beside, peer: times.of("compose: first answer") },
    {
      name: "first answer, asked all along, beside the limit",
      ...of("first answer"),
      beside: limit,
      peer: times.of("api: first answer"),
    },
    {
      name: "`up` beside creating and starting alone",
      ...of("command"),
      beside: limit,
      peer: times.of("api: command"),
    },
  ]);
});
