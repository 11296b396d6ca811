// What clients see while instances are replaced and scaled: `pulumi up` here, beside `docker compose up -d` of an equal
// service on the same engine, behind the same load balancer, under the same load. And how soon a new version answers.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "../tests/e2e/support/clone.ts";
import { eventually, succeed } from "../tests/e2e/support/command.ts";
import { type Kind, Load, type Seen } from "../tests/e2e/support/load.ts";
import { OwnEngine } from "../tests/e2e/support/own-engine.ts";
import { Rounds, rounds, secondsOf } from "./support/median.ts";
import { answered } from "./support/requests.ts";
import { keep } from "./support/results.ts";
import { up } from "./support/stack.ts";

interface Measured extends Seen {
  /** What the command took. */
  readonly seconds: number;
  /** How long it was until the new version had answered. */
  readonly answer: number;
}

interface Contender {
  readonly name: string;
  /** Its service, in the load balancer. */
  readonly service: string;
  /** Writes down what is wanted; answers with the command that makes it so. */
  readonly change: (revision: number, replicas: number) => Promise<() => Promise<unknown>>;
}

let revised: number | undefined;
const engine = await OwnEngine.start();
const clone = await Clone.make({ dockerHost: engine.host });
try {
  await clone.edit("services/rosi_user_service/config/routes.rb", (text) =>
    text.replace(
      /^end$/m,
      `  get "slow", to: ->(_) { sleep 2; [200, {}, ["slow"]] }
  get "revision", to: ->(_) { [200, {}, ["revision #{ENV["REVISION"]}."]] }
end`,
    ),
  );
  await revise(0);
  await clone.mustPulumi("stack", "select", "dev", "--create");
  await clone.mustPulumi("up", "--yes", "--skip-preview");
  const contenders: Contender[] = [
    {
      name: "mia: pulumi up",
      service: "user",
      change: async (revision, replicas) => {
        await revise(revision);
        await clone.mustPulumi("config", "set", "--path", "mia:replicas.user", String(replicas));
        return () => up(clone);
      },
    },
    { name: "docker compose up -d", service: "member", change: await equalComposeFile() },
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
        const measured = await measure(contender, revision, await contender.change(revision, replicas));
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
} finally {
  clone.remove();
  await engine.remove();
}

async function measure({ service }: Contender, revision: number, change: () => Promise<unknown>): Promise<Measured> {
  const user = (method: "GET" | "POST", path: string, status: number, words: string, body?: string): Kind => {
    return { method, path: `/${service}${path}`, status, words, ...(body === undefined ? {} : { body }) };
  };
  const load = new Load(
    clone.ports.http,
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
  const answering = secondsOf(() =>
    answered(clone.ports.http, `/${service}/revision`, `revision ${String(revision)}.`),
  );
  const seconds = await secondsOf(change);
  const answer = await answering;
  // What is still to come of it.
  await new Promise((resume) => setTimeout(resume, 5000));
  await load.stop();
  return { ...(await load.seen()), seconds, answer };
}

async function revise(revision: number): Promise<void> {
  if (revision === revised) return;
  revised = revision;
  await clone.editUser("REVISION", String(revision));
}

/** The service `user` as Compose's `member`: the same image, user, variables, mounts, secrets, memory and network. */
async function equalComposeFile(): Promise<Contender["change"]> {
  const user = await engine.container("user");
  const [{ Config, HostConfig, Mounts }] = JSON.parse(await engine.must("inspect", user)) as [Inspected];
  const folder = join(clone.home, "compose");
  mkdirSync(folder);
  const secrets = ["/run/secrets/db-password", "/run/secrets/rmq-password"];
  for (const secret of secrets) await engine.must("cp", `${user}:${secret}`, folder);
  const variables = Config.Env.map((variable): [string, string] => {
    const [name = ""] = variable.split("=");
    return [name, variable.slice(name.length + 1)];
  });
  const file = (revision: number, replicas: number) => ({
    services: {
      member: {
        image: Config.Image,
        environment: {
          ...Object.fromEntries(variables),
          SERVICE_3000_NAME: "member",
          SERVICE_3000_TAGS: "backend,member",
          REVISION: String(revision),
        },
        volumes: [
          ...Mounts.map((mount) => `${mount.Type === "volume" ? "gems" : mount.Source}:${mount.Destination}`),
          ...secrets.map((secret) => `${join(folder, secret.split("/").at(-1) ?? "")}:${secret}:ro`),
        ],
        networks: ["platform"],
        mem_limit: HostConfig.Memory,
        memswap_limit: HostConfig.MemorySwap,
        cap_drop: HostConfig.CapDrop,
        security_opt: HostConfig.SecurityOpt,
        logging: { driver: HostConfig.LogConfig.Type, options: HostConfig.LogConfig.Config },
        user: Config.User,
        tmpfs: Object.keys(HostConfig.Tmpfs),
        restart: "unless-stopped",
        stop_grace_period: "60s",
        scale: replicas,
      },
    },
    networks: { platform: { name: "mia-dev", external: true } },
    volumes: { gems: { name: "mia-dev-rubygems", external: true } },
  });
  const [command = "docker", ...args] = (process.env["MIA_COMPOSE"] ?? "docker compose").split(" ");
  return (revision, replicas) => {
    writeFileSync(join(folder, "compose.yaml"), JSON.stringify(file(revision, replicas)));
    const env = { ...process.env, DOCKER_HOST: engine.host };
    return Promise.resolve(() =>
      succeed(command, [...args, "--project-name", "bench", "up", "-d"], { cwd: folder, env }),
    );
  };
}

/** What `docker inspect` shows of a container, as far as it matters here. */
interface Inspected {
  readonly Config: { readonly Image: string; readonly User: string; readonly Env: string[] };
  readonly HostConfig: {
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly CapDrop: string[];
    readonly SecurityOpt: string[];
    readonly LogConfig: { readonly Type: string; readonly Config: Record<string, string> };
    readonly Tmpfs: Record<string, string>;
  };
  readonly Mounts: { readonly Type: string; readonly Source: string; readonly Destination: string }[];
}
