// What clients see while instances are replaced and scaled: `pulumi up` here, beside `docker compose up -d` of an equal
// service on the same engine, behind the same load balancer, under the same load. And how soon a new version answers.

import { join } from "node:path";
import { eventually } from "../tests/e2e/support/command.ts";
import { type Kind, Load, type Seen } from "../tests/e2e/support/load.ts";
import type { OwnEngine } from "../tests/e2e/support/own-engine.ts";
import { Compose, serviceOf } from "./support/compose.ts";
import { type Declared, declaredBy } from "./support/declared.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { answered } from "./support/requests.ts";
import { keep } from "./support/results.ts";
import { inPlace, newStack, up } from "./support/stack.ts";

interface Measured extends Seen {
  /** What the command took. */
  readonly seconds: number;
  /** How long it was until the new version had answered. */
  readonly answer: number;
}

interface Contender {
  /** Its service, in the load balancer. */
  readonly service: string;
  /** Writes down what is wanted; answers with the command that makes it so. */
  readonly change: (revision: number, replicas: number) => Promise<() => Promise<unknown>>;
}

await inPlace(async ({ clone, engine }) => {
  await clone.edit("services/rosi_user_service/config/routes.rb", (text) =>
    text.replace(
      /^end$/m,
      `  get "slow", to: ->(_) { sleep 2; [200, {}, ["slow"]] }
  get "revision", to: ->(_) { [200, {}, ["revision #{ENV["REVISION"]}."]] }
end`,
    ),
  );
  await clone.editUser("REVISION", "0");
  await newStack(clone);
  await up(clone);
  let revised = 0;
  const contenders: Contender[] = [
    {
      service: "user",
      change: async (revision, replicas) => {
        if (revision !== revised) await clone.editUser("REVISION", String(revision));
        revised = revision;
        await clone.mustPulumi("config", "set", "--path", "mia:replicas.user", String(replicas));
        return () => up(clone);
      },
    },
    {
      service: "member",
      change: equalService(engine, await declaredBy(clone, "dev", "mia-dev"), join(clone.home, "compose")),
    },
  ];
  await (
    await contenders[1]?.change(0, 1)
  )?.();
  await eventually(
    60,
    () => fetch(clone.url("http", "/member/health")),
    ({ status }) => status === 200,
  );

  const changes = [
    { name: "1 replaced", replicas: 1, replaces: true },
    { name: "1 → 3", replicas: 3, replaces: false },
    { name: "3 replaced", replicas: 3, replaces: true },
    { name: "3 → 1", replicas: 1, replaces: false },
  ];
  const found = new Rounds();
  let revision = 0;
  for (let round = 0; round < rounds; round++) {
    for (const { name, replicas, replaces } of changes) {
      if (replaces) revision++;
      for (const contender of contenders) {
        const measured = await measure(
          clone.ports.http,
          contender,
          revision,
          await contender.change(revision, replicas),
        );
        const { failures, sent, gap, seconds, answer } = measured;
        const title = `${contender.service}: ${name}`;
        console.error(`${title}: ${String(failures)} of ${String(sent)} failed, ${gap.toFixed(1)} s without an answer`);
        found.add(`${title}: failures`, failures);
        found.add(`${title}: gap`, gap);
        found.add(`${title}: command`, seconds);
        found.add(`${title}: answer`, answer);
      }
    }
  }
  const beside = "docker compose up -d";
  keep(
    "replace",
    "One service changed, under load",
    changes.flatMap(({ name, replaces }) => {
      const of = (what: string) => {
        return { beside, ours: found.of(`user: ${name}: ${what}`), peer: found.of(`member: ${name}: ${what}`) };
      };
      const answer = { name: `${name}: until the new version answers`, unit: "s" as const, ...of("answer") };
      return [
        ...(replaces ? [answer] : []),
        { name: `${name}: the command`, unit: "s" as const, ...of("command") },
        { name: `${name}: failed`, unit: "failed requests" as const, ...of("failures"), goal: 1 },
        { name: `${name}: longest time without a right answer`, unit: "s" as const, ...of("gap"), goal: 1 },
      ];
    }),
  );
});

async function measure(
  port: number,
  { service }: Contender,
  revision: number,
  change: () => Promise<unknown>,
): Promise<Measured> {
  const user = (method: "GET" | "POST", path: string, status: number, words: string, body?: string): Kind => {
    return { method, path: `/${service}${path}`, status, words, ...(body === undefined ? {} : { body }) };
  };
  const load = new Load(
    port,
    [
      user("GET", "/users?ids=0", 200, '{"users":[]}'),
      user("POST", "/users", 422, "can't be blank", '{"name":"","email":"a@b.org"}'),
    ],
    user("GET", "/slow", 200, "slow"),
    8,
    // As users do: who is refused at once would else be refused a thousand times.
    10,
  );
  await load.seen(100);
  const answering = secondsOf(() => answered(port, `/${service}/revision`, `revision ${String(revision)}.`));
  const seconds = await secondsOf(change);
  const answer = await answering;
  // What is still to come of it.
  await new Promise((resume) => setTimeout(resume, 5000));
  await load.stop();
  return { ...(await load.seen()), seconds, answer };
}

/** The service `user` as Compose's `member`, on the network and with the volumes that are there, behind the same load balancer. */
function equalService(engine: OwnEngine, platform: Declared, folder: string): Contender["change"] {
  const compose = new Compose(engine, "bench", folder);
  const user = platform.parts.find(({ name }) => name === "user");
  if (user === undefined) throw new Error("the catalogue has no service user");
  const service = serviceOf(platform, user, folder);
  const others = user.inputs.envs.filter((variable) => !/^(REVISION|SERVICE_3000_(NAME|TAGS))=/.test(variable));
  const named = ["SERVICE_3000_NAME=member", "SERVICE_3000_TAGS=backend,member"];
  return (revision, replicas) => {
    compose.write({
      services: {
        member: {
          ...service,
          environment: [...others, ...named, `REVISION=${String(revision)}`],
          depends_on: [],
          networks: ["platform"],
          scale: replicas,
        },
      },
      networks: { platform: { name: platform.name, external: true } },
      volumes: Object.fromEntries(platform.volumes.map((name) => [name, { name, external: true }])),
    });
    return Promise.resolve(() => compose.run("up", "-d"));
  };
}
