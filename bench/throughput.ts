// The price of the platform: requests per second through the load balancer, against the service itself and against a plain
// nginx whose upstreams never change.

import { StaticNginx } from "./support/nginx.ts";
import { Rounds, rounds } from "./support/median.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";
import { requestsPerSecond } from "./support/throughput.ts";

const paths = [
  // Nearly nothing but the way there.
  { service: "keepwww", port: 80, path: "/" },
  // What a service is for.
  { service: "user", port: 3000, path: "/users?ids=0" },
];

await inPlace(async ({ clone, engine }) => {
  await newStack(clone);
  await up(clone);
  const address = async (part: string) => engine.addressOf(await engine.container(part));
  // By the containers' own addresses: what publishes ports on this engine is a proxy of Docker's, slower than all of them.
  const edge = await address("edge");
  const upstreams = await Promise.all(
    paths.map(async ({ service, port }) => {
      return `upstream ${service} { server ${await address(service)}:${String(port)}; keepalive 32; }`;
    }),
  );
  const peer = await StaticNginx.start(engine, clone, {
    http: upstreams.join(" "),
    location: "return 404;",
    more: paths.map(({ service }) => `location /${service}/ { proxy_pass http://${service}/; }`).join(" "),
  });
  const found = new Rounds();
  for (let round = 0; round < rounds; round++) {
    for (const { service, port, path } of paths) {
      const direct = { host: await address(service), port, path };
      found.add(`${service}: direct`, await requestsPerSecond(direct));
      const through = `/${service}${path}`;
      found.add(`${service}: mia`, await requestsPerSecond({ host: edge, port: 80, path: through }));
      found.add(`${service}: nginx`, await requestsPerSecond({ host: peer.address, port: 80, path: through }));
    }
  }
  await peer.remove();

  keep(
    "throughput",
    "Requests per second through the load balancer",
    paths.flatMap(({ service }) => {
      const ours = { name: `GET of ${service}`, unit: "requests/s" as const, ours: found.of(`${service}: mia`) };
      return [
        { ...ours, beside: "plain nginx, static upstreams", peer: found.of(`${service}: nginx`), goal: 1 },
        {
          ...ours,
          name: `${ours.name}, beside itself`,
          beside: "the service itself",
          peer: found.of(`${service}: direct`),
        },
      ];
    }),
  );
});
