// From an edit of mounted code in dev to the first answer that shows it, beside Compose with the same folder mounted.

import { join } from "node:path";
import { Compose } from "./support/compose.ts";
import { declaredBy, publishedPort } from "./support/declared.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { answered, firstRequest } from "./support/requests.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";

await inPlace(async ({ clone, engine }) => {
  const routes = "services/rosi_user_service/config/routes.rb";
  const route = (said: number) => `  get "said", to: ->(_) { [200, {}, ["said ${String(said)}."]] }`;
  await clone.edit(routes, (text) => text.replace(/^end$/m, `${route(0)}\nend`));
  await newStack(clone);
  await up(clone);
  const platform = await declaredBy(clone, "dev", "peer");
  const compose = Compose.of(engine, platform, join(clone.home, "compose"));
  await compose.run("up", "-d", "--wait");
  const ports = { mia: clone.ports.http, compose: publishedPort(platform, "edge", 80) };
  for (const port of Object.values(ports)) await firstRequest(port);

  const times = new Rounds();
  let said = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [name, port] of Object.entries(ports)) {
      said++;
      await clone.edit(routes, (text) => text.replace(/^ {2}get "said".*$/m, route(said)));
      times.add(`${name}: service`, await secondsOf(() => answered(port, "/user/said", `said ${String(said)}.`)));
      await clone.edit("frontend/keep_www/index.html", (text) =>
        text.replace(/(<title>).*(?=<\/title>)/, `$1Keep ${String(said)}.`),
      );
      times.add(`${name}: front end`, await secondsOf(() => answered(port, "/keepwww/", `Keep ${String(said)}.`)));
    }
  }
  keep(
    "edit",
    "From an edit to the answer, in dev",
    ["service", "front end"].map((what) => ({
      name: `an edited ${what}`,
      unit: "s",
      ours: times.of(`mia: ${what}`),
      beside: "Compose, the same folder mounted",
      peer: times.of(`compose: ${what}`),
      goal: 1,
    })),
  );
});
