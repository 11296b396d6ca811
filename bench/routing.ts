// How soon the load balancer knows: from an instance's first own answer to its first one through it, and from its end until
// nginx has it no more. Beside an nginx that asks Docker's DNS, as one has it who has no service discovery.

import type { OwnEngine } from "../tests/e2e/support/own-engine.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { StaticNginx } from "./support/nginx.ts";
import { answered } from "./support/requests.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";

await inPlace(async ({ clone, engine }) => {
  await newStack(clone);
  await up(clone);
  const peer = await StaticNginx.start(engine, clone, {
    http: "resolver 127.0.0.11 valid=1s;",
    location: "set $service keepwww; proxy_connect_timeout 1s; proxy_pass http://$service:80;",
  });
  const container = await engine.container("keepwww");
  const services = async () =>
    (await (await fetch(clone.url("status", "/services"))).text()).includes(`:${container}:`);
  const times = new Rounds();

  for (let round = 0; round < rounds; round++) {
    await engine.must("stop", container);
    await eventuallyFalse(services);
    const started = performance.now();
    const since = () => (performance.now() - started) / 1000;
    await engine.must("start", container);
    const [own, through, byDns] = await Promise.all([
      answeredByItself(engine, container).then(since),
      answered(clone.ports.http, "/keepwww/").then(since),
      answered(80, "/", "", peer.address).then(since),
    ]);
    times.add("start", through);
    times.add("start by DNS", byDns);
    times.add("first answer", Math.max(through - own, 0));

    // Docker starts what is killed again; until then nobody is to be sent there.
    await engine.must("update", "--restart=no", container);
    await engine.killMain(container);
    times.add("killed", await secondsOf(() => eventuallyFalse(services)));
    await engine.must("update", "--restart=unless-stopped", container);
    await engine.must("start", container);
    await answered(clone.ports.http, "/keepwww/");
  }
  await peer.remove();

  keep("routing", "How soon the load balancer knows", [
    {
      name: "an instance's first 200 → first answer through the load balancer",
      unit: "s",
      ours: times.of("first answer"),
    },
    {
      name: "an instance's start → first answer through the load balancer",
      unit: "s",
      ours: times.of("start"),
      beside: "nginx that asks Docker's DNS",
      peer: times.of("start by DNS"),
    },
    { name: "killed → out of nginx", unit: "s", ours: times.of("killed") },
  ]);
});

async function answeredByItself(own: OwnEngine, name: string): Promise<void> {
  for (;;) {
    const address = await own.addressOf(name);
    if (address === "") continue;
    await answered(80, "/", "", address);
    return;
  }
}

async function eventuallyFalse(isSo: () => Promise<boolean>): Promise<void> {
  while (await isSo()) await new Promise((resume) => setTimeout(resume, 20));
}
