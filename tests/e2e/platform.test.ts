// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { oldEngine } from "./support/old-engine.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { statusOf } from "./support/recovery.ts";
import { Registrations } from "./support/registrations.ts";
import { SharedPlatform } from "./support/shared-platform.ts";
import { parts, services, withoutSuffix } from "./support/parts.ts";
import { within } from "../support/limits.ts";

describe("The platform", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
  });

  after(() => platform.restore());

  describe("Its load balancer", () => {
    let consul: Registrations;
    const registered = () => consul.registered();

    before(() => {
      consul = new Registrations(engine, clone);
    });

    /** The answer to a path, once it has this status: workers of before go on for a moment beside those that have new routes. */
    async function routed(path: string, status: number): Promise<string> {
      const [, text] = await eventually(
        within.reload,
        async () => {
          const response = await fetch(clone.url("http", path));
          return [response.status, await response.text()] as const;
        },
        ([now]) => now === status,
      );
      return text;
    }

    it("shows every instance that nginx has loaded", async () => {
      const all = await consul.loaded();
      assert.deepEqual(
        all.map(({ name, instances }) => [name, instances.map(({ id }) => id.replace(/-[0-9a-f]{7}:/, ":"))]),
        [
          ["catalog", ["registrator:mia-dev-catalog:3000"]],
          ["keeplounge", ["registrator:mia-dev-keeplounge:80"]],
          ["keepwww", ["registrator:mia-dev-keepwww:80"]],
          ["user", ["registrator:mia-dev-user:3000"]],
        ],
      );
      assert.match(all[0]?.instances[0]?.address ?? "", /^10\.214\.\d+\.\d+:3000$/);
    });

    it("says clearly where nobody answers", async () => {
      for (const path of ["/", "/nobody/here"]) {
        const response = await fetch(clone.url("http", path));
        assert.equal(response.status, 503);
        assert.equal(response.headers.get("retry-after"), "1");
        assert.deepEqual(await response.json(), { error: "No healthy service answers here.", services });
      }
    });

    it("routes by name what comes, without the name, and forgets what goes", async () => {
      await consul.register("probe", "mia-dev");
      await eventually(within.change, registered, (now) => now.length === 1);
      assert.equal(await routed("/probe/health?verbose=1", 200), "ok\n");
      await consul.deregister("probe");
      await eventually(within.change, registered, (now) => now.length === 0);
      await routed("/probe/health", 503);
    });

    it("routes nothing of another platform, and nothing whose check does not pass", async () => {
      await consul.register("other", "mia-qa");
      await consul.register("ill", "mia-dev", { Check: { TTL: "60s", Status: "critical" } });
      await consul.register("well", "mia-dev", { Check: { TTL: "60s", Status: "passing" } });
      await eventually(within.change, registered, (now) => now.length > 0);
      assert.deepEqual(await registered(), ["well"]);
      for (const name of ["other", "ill", "well"]) await consul.deregister(name);
      await eventually(within.change, registered, (now) => now.length === 0);
    });

    it("stays as it is where nginx could not read the new routes", async () => {
      const broken = "echo 'upstream {' > /tmp/self/next.conf && load-routes";
      const loaded = await engine.docker("exec", await engine.container("lb"), "sh", "-c", broken);
      assert.notEqual(loaded.code, 0);
      assert.deepEqual(await registered(), []);
      assert.equal((await engine.docker("exec", await engine.container("lb"), "nginx", "-t", "-q")).code, 0);
    });

    it("keeps its last routes while Consul is away", async () => {
      await consul.register("probe", "mia-dev");
      await eventually(within.change, registered, (now) => now.length === 1);
      await engine.docker("stop", "mia-dev-consul");
      assert.equal((await fetch(clone.url("http", "/probe/health"))).status, 200);
      // Started anew it has none until it has heard Consul: addresses may be somebody else's by then.
      await engine.docker("restart", await engine.container("lb"));
      const restarted = await eventually(
        within.change,
        () => fetch(clone.url("status", "/services")).then((response) => response.text()),
        (text) => !text.startsWith("[{"),
      );
      assert.equal(restarted, "The load balancer is not there yet.\n");
      await engine.docker("start", "mia-dev-consul");
      await eventually(
        within.recovery,
        () => engine.docker("inspect", "--format", "{{.State.Health.Status}}", "mia-dev-consul"),
        ({ stdout }) => stdout.startsWith("healthy"),
      );
      await eventually(
        within.change,
        () => fetch(clone.url("status", "/health")),
        ({ status }) => status === 200,
      );
      // A restarted Consul has kept what it knew, in its volume.
      await eventually(within.change, registered, (now) => now.length === 1);
      await consul.deregister("probe");
      await eventually(within.change, registered, (now) => now.length === 0);
    });
  });

  describe("Its `up`", () => {
    it("with nothing changed changes nothing, and still says whether the platform answers", async () => {
      const up = await clone.mustPulumi("up", "--yes", "--skip-preview");
      assert.match(up.output, /Resources:\s+\d+ unchanged\s/);
    });

    it("names the part that somebody has removed, and `--refresh` makes it again", async () => {
      await engine.docker("rm", "--force", await engine.container("lb"));
      const up = await clone.pulumi("up", "--yes", "--skip-preview");
      assert.notEqual(up.code, 0);
      assert.match(
        up.output,
        /error: lb is not on the engine any more \(.*No such container.*\): `pulumi up --refresh` makes it again\.$/m,
      );
      assert.doesNotMatch(up.output, /\.ts:\d+/);

      const preview = await clone.mustPulumi("preview", "--refresh");
      assert.match(preview.output, /lb create/);
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--refresh");
      assert.equal((await fetch(clone.url("http", "/user/health"))).status, 200);
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    it("builds an image of ours that is missing, though nothing has changed", async () => {
      const name = (await engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "mia-lb")).stdout.trim();
      assert.match(name, /^mia-lb:[0-9a-f]{12}$/);
      const before = (await engine.docker("ps", "--quiet", "--no-trunc")).stdout;
      await engine.docker("rmi", "--force", name);
      assert.match((await clone.mustPulumi("preview")).output, new RegExp(`${name} will be built from lb/`));
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      assert.equal((await engine.docker("image", "inspect", name)).code, 0);
      assert.equal((await engine.docker("ps", "--quiet", "--no-trunc")).stdout, before);
    });

    it("shows in the preview what a changed file replaces, builds it, and converges", async () => {
      await clone.edit("lb/nginx/nginx.conf", (text) => text.replace('return 200 "ok\\n"', 'return 200 "fine\\n"'));
      const preview = await clone.mustPulumi("preview", "--diff");
      assert.match(preview.output, /~ image\s*: "mia-lb:[0-9a-f]{12}" => "mia-lb:[0-9a-f]{12}"/);
      assert.match(preview.output, /\+-1 to replace/);
      assert.equal(await (await fetch(clone.url("status", "/health"))).text(), "ok\n");
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      assert.equal(await (await fetch(clone.url("status", "/health"))).text(), "fine\n");
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    it("fails with the log when a part never gets healthy, and the next good one converges", async () => {
      await clone.edit("lb/nginx/nginx.conf", (text) => text.replace("worker_processes auto", "worker_proceses auto"));
      await clone.edit("platform/catalogue/infrastructure.ts", (text) =>
        text.replace(/(memoryMib: 256,\n {2}stopSeconds: 40,\n {2}readySeconds: )60/, "$18"),
      );
      const up = await clone.pulumi("up", "--yes", "--skip-preview");
      assert.notEqual(up.code, 0);
      assert.match(up.output, /lb is (starting|unhealthy).*, and was to be healthy within 8 s\./);
      assert.match(up.output, /unknown directive "worker_proceses"/);
      await clone.git("checkout", "--quiet", "lb", "platform");
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
      assert.deepEqual(
        (await engine.remains())
          .filter((what) => what.startsWith("container"))
          .map(withoutSuffix)
          .sort(),
        parts.map((part) => `container mia-dev-${part}`),
      );
    });
  });

  describe("Its images", () => {
    it("have no bare upstream names", async () => {
      if (!process.env["MIA_IMAGES"]) return; // from upstream they are upstream's
      const names = (await engine.docker("images", "--format", "{{.Repository}}")).stdout.trim().split("\n");
      // As Docker tells a registry's host: other files that have used this engine have registries of their own.
      const isBare = (name: string) => !/^(localhost|[^/]*[.:][^/]*)\//.test(name);
      assert.deepEqual(
        names.filter((name) => name !== "<none>" && isBare(name) && !name.startsWith("mia-")),
        [],
      );
      // What runs here comes from where it was told to.
      const run = (await engine.must("ps", "--all", "--format", "{{.Image}}")).split("\n");
      assert.equal(run.length, parts.length);
      assert.deepEqual(
        run.filter((name) => !name.startsWith("mia-") && !name.startsWith(process.env["MIA_IMAGES"] ?? "")),
        [],
      );
    });
  });

  describe("A refusal", () => {
    /** The refusal's words, as the user sees them. */
    async function refusal(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
      const ended = await clone.run("pulumi", args, env);
      assert.notEqual(ended.code, 0, ended.output);
      assert.doesNotMatch(ended.output, /\.ts:\d+|node_modules|unhandled/);
      return ended.output;
    }

    it("of another engine than the stack's names both, in preview and up, and nothing is created", async () => {
      const other = await OwnEngine.start({ empty: true });
      try {
        const [id, otherId] = await Promise.all(
          [engine, other].map(async (one) => (await one.docker("info", "--format", "{{.ID}}")).stdout.trim()),
        );
        const sentence =
          `mia-dev lives on the Docker engine ${id ?? ""} (${engine.host}), but ${other.host} is the engine ${otherId ?? ""}: ` +
          "point DOCKER_HOST or `docker context use` at the former, or destroy the stack there first; if that engine is gone for good, `pulumi stack rm --force` forgets it.";
        for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
          const words = await refusal(args, { DOCKER_HOST: other.host });
          assert.ok(words.includes(sentence), words);
        }
        assert.deepEqual(await other.remains(), []);
      } finally {
        await other.remove();
      }
      // The state keeps the address of the stack's engine, where the command looks.
      const status = await statusOf(clone);
      assert.equal(status.code, 0, status.output);
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    it("of an engine that does not answer says so", async () => {
      const words = await refusal(["preview"], { DOCKER_HOST: "unix:///nowhere/docker.sock" });
      assert.match(
        words,
        /The Docker engine at unix:\/\/\/nowhere\/docker\.sock does not answer \(.*\): start it, or point DOCKER_HOST or `docker context use` at one that runs\./,
      );
    });

    it("of an engine that refuses says so", async () => {
      const words = await refusal(["preview"], { DOCKER_HOST: "tcp://127.0.0.1:1" });
      assert.match(
        words,
        /The Docker engine at tcp:\/\/127\.0\.0\.1:1 does not answer \(.*\): start it, or point DOCKER_HOST or `docker context use` at one that runs\./,
      );
    });

    it("of a DOCKER_CONTEXT that the docker command does not follow says which to unset", async () => {
      const words = await refusal(["preview"], { DOCKER_CONTEXT: "another" });
      const sentence = `DOCKER_CONTEXT is another, but the docker command talks to ${engine.host}: unset DOCKER_CONTEXT, or DOCKER_HOST beside it.`;
      assert.ok(words.includes(sentence), words);
    });

    it("of an engine that is too old says which is needed", async () => {
      const old = await oldEngine();
      try {
        const words = await refusal(["preview"], { DOCKER_HOST: old.host });
        const sentence = `The Docker engine at ${old.host} is 19.03.15, need 20.10.10 or newer: update it, or point DOCKER_HOST or \`docker context use\` at another.`;
        assert.ok(words.includes(sentence), words);
      } finally {
        old.server.close();
      }
    });

    it("of a port that is taken names it and who holds it, all of them at once, and nothing is created", async () => {
      const holder = createServer().listen(0, "127.0.0.1");
      await once(holder, "listening");
      const { port } = holder.address() as AddressInfo;
      await clone.mustPulumi("stack", "init", "wrong", "--copy-config-from", "dev", "--no-select");
      try {
        await clone.mustPulumi("config", "set", "mia:statusPort", String(port), "--stack", "wrong");
        const before = await engine.remains();
        for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
          const words = await refusal([...args, "--stack", "wrong"]);
          const { http, consul, consulServer, consulDns, rmqManagement } = clone.ports;
          for (const [key, taken, by] of [
            ["httpPort", http, "the container mia-dev-edge"],
            ["statusPort", port, "another program"],
            ["consulPort", consul, "the container mia-dev-consul"],
            ["consulServerPort", consulServer, "the container mia-dev-consul"],
            ["consulDnsPort", consulDns, "the container mia-dev-consul"],
            ["rmqManagementPort", rmqManagement, "the container mia-dev-rmq"],
          ] as const) {
            const start = `Pulumi.wrong.yaml: mia:${key}: got ${String(taken)}, which ${by} holds on 127.0.0.1, need a free port. Fix: pulumi config set mia:${key} `;
            assert.ok(words.includes(start), words);
            assert.match(words.slice(words.indexOf(start) + start.length), /^\d+\n/);
          }
        }
        assert.deepEqual(await engine.remains(), before);
      } finally {
        holder.close();
        await clone.mustPulumi("stack", "rm", "wrong", "--yes", "--force");
        await clone.mustPulumi("stack", "select", "dev");
      }
    });

    it("of addresses that are not this machine's names them, and nothing is created", async () => {
      await clone.mustPulumi("stack", "init", "wrong", "--copy-config-from", "dev", "--no-select");
      await clone.useFreePorts("wrong");
      try {
        const set = (key: string) => clone.mustPulumi("config", "set", `mia:${key}`, "192.0.2.1", "--stack", "wrong");
        await set("publishAddress");
        await set("serviceAddress");
        const before = await engine.remains();
        const words = await refusal(["up", "--yes", "--skip-preview", "--stack", "wrong"]);
        const got = "got 192.0.2.1, which is not an address of this machine, need one of its own. Fix: pulumi config";
        for (const sentence of [
          `Pulumi.wrong.yaml: mia:publishAddress: ${got} set mia:publishAddress 127.0.0.1\n`,
          `Pulumi.wrong.yaml: mia:serviceAddress: ${got} rm mia:serviceAddress\n`,
        ]) {
          assert.ok(words.includes(sentence), words);
        }
        assert.deepEqual(await engine.remains(), before);
      } finally {
        await clone.mustPulumi("stack", "rm", "wrong", "--yes", "--force");
        await clone.mustPulumi("stack", "select", "dev");
      }
    });

    it("of a name that another state's stack has on the engine touches nothing of it", async () => {
      const stranger = await Clone.make({ dockerHost: engine.host });
      try {
        await stranger.mustPulumi("stack", "select", "dev", "--create");
        const before = (await engine.docker("ps", "--quiet", "--no-trunc")).stdout;
        const all = await engine.remains();
        const taken = all
          .filter((what) => / mia-dev(-|$)/.test(what) && withoutSuffix(what) === what)
          .sort()
          .join(", ");
        const sentence = `error: Pulumi.dev.yaml: mia-dev: got names that are on the engine already, and not this stack's (${taken}), need names that nobody has. Fix: remove those, or take a stack of another name (\`pulumi stack init NAME --copy-config-from …\`)`;
        for (const verb of [["preview"], ["up", "--yes", "--skip-preview"]]) {
          const ended = await stranger.pulumi(...verb);
          assert.notEqual(ended.code, 0);
          assert.ok(ended.output.includes(sentence), ended.output);
          assert.doesNotMatch(ended.output, / {4}at /);
        }
        assert.deepEqual(await engine.remains(), all);
        assert.equal((await engine.docker("ps", "--quiet", "--no-trunc")).stdout, before);
        const down = await stranger.run("node", ["toolchain/mia.mjs", "down", "--volumes", "--yes"]);
        assert.equal(down.code, 0, down.output);
        assert.equal((await engine.docker("ps", "--quiet", "--no-trunc")).stdout, before);
      } finally {
        stranger.remove();
      }
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    describe("of a wrong config", () => {
      before(() => clone.mustPulumi("stack", "init", "wrong", "--no-select"));
      after(async () => {
        await clone.mustPulumi("stack", "rm", "wrong", "--yes", "--force");
        await clone.mustPulumi("stack", "select", "dev");
      });

      const pulumis = (key: string, type: string) =>
        `validating stack config: Stack 'wrong' with configuration key 'mia:${key}' must be of type '${type}'`;
      const ours = (key: string, rest: string) => `Pulumi.wrong.yaml: mia:${key}: ${rest}`;
      const unknown = (key: string) => ours(key, `got a key that does not exist. Fix: pulumi config rm mia:${key}`);
      const number = (key: string, got: string, example: number) =>
        ours(
          key,
          `got ${got}, need 1..65535, or 0 for a free one. Fix: pulumi config set mia:${key} ${String(example)}`,
        );

      const numberOrNone = (key: string, got: string, example: number) =>
        ours(key, `got ${got}, need 1..65535, or 0 for none. Fix: pulumi config set mia:${key} ${String(example)}`);
      const optional: [string, number][] = [
        ["consulServerPort", 8300],
        ["consulDnsPort", 8600],
        ["rmqManagementPort", 15672],
      ];

      /** What Pulumi itself refuses, by the types that Pulumi.yaml declares. */
      const ofPulumi: [string, string, string][] = [
        ["mia:httpPort", "eighty", pulumis("httpPort", "integer")],
        ["mia:statusPort", "true", pulumis("statusPort", "integer")],
        ["mia:consulPort", "8500.5", pulumis("consulPort", "integer")],
        ["mia:registry", "registry.example", pulumis("registry", "object")],
        ["mia:machine", "local", pulumis("machine", "object")],
        ...optional.map(([key]): [string, string, string] => [`mia:${key}`, "many", pulumis(key, "integer")]),
      ];
      /** What the program refuses. */
      const cases: [string, string, string][] = [
        ["mia:httpPort", "-1", number("httpPort", "-1", 80)],
        ["mia:httpPorts", "80", unknown("httpPorts")],
        ["mia:statusPort", "65536", number("statusPort", "65536", 8181)],
        ["mia:statsPort", "80", unknown("statsPort")],
        ["mia:consulPort", "-1", number("consulPort", "-1", 8500)],
        ["mia:consulport", "8500", unknown("consulport")],
        ...optional.flatMap(([key, example]): [string, string, string][] => [
          [`mia:${key}`, "65536", numberOrNone(key, "65536", example)],
          [`mia:${key}s`, "1", unknown(`${key}s`)],
        ]),
        [
          "mia:publishAddress",
          "localhost",
          ours(
            "publishAddress",
            'got "localhost", need an IPv4 address such as 127.0.0.1, or nothing. Fix: pulumi config set mia:publishAddress 127.0.0.1',
          ),
        ],
        ["mia:publishAddr", "127.0.0.1", unknown("publishAddr")],
        [
          "mia:serviceAddress",
          "10.0.2.256",
          ours(
            "serviceAddress",
            'got "10.0.2.256", need an IPv4 address of the machine such as 172.17.0.1, or nothing. Fix: pulumi config set mia:serviceAddress 172.17.0.1',
          ),
        ],
        ["mia:serviceIp", "10.0.2.15", unknown("serviceIp")],
        [
          "mia:kind",
          "dev",
          ours("kind", 'got "dev", need development or qa. Fix: pulumi config set mia:kind development'),
        ],
        ["mia:kinds", "qa", unknown("kinds")],
        [
          "mia:mode",
          "Staging",
          ours(
            "mode",
            'got "Staging", need a word of up to 20 small letters, digits and _, such as staging, or nothing. Fix: pulumi config set mia:mode staging',
          ),
        ],
        ["mia:modes", "staging", unknown("modes")],
        [
          "mia:registry.address",
          "registry",
          ours(
            "registry.address",
            'got "registry", need a registry\'s host, with its port and path, such as registry.example:5000/team. Fix: pulumi config set --path mia:registry.address registry.example:5000',
          ),
        ],
        [
          "mia:registry.host",
          "registry.example",
          ours("registry.host", "got a key that does not exist. Fix: pulumi config rm --path mia:registry.host"),
        ],
        [
          "mia:images",
          "registry.example",
          ours(
            "images",
            'got "registry.example", need a registry and path that ends with a slash, or nothing. Fix: pulumi config set mia:images registry.example/mirror/',
          ),
        ],
        ["mia:image", "registry.example/", unknown("image")],
        [
          "mia:machine.driver",
          "virtualbox",
          ours(
            "machine.driver",
            'got "virtualbox", need local, context, ssh or docker-machine. Fix: pulumi config set --path mia:machine.driver local',
          ),
        ],
      ];
      /** Sets these keys, and lets an `up` refuse them with these lines; nothing is created. */
      async function refuses(set: readonly (readonly [string, string])[], lines: readonly string[]): Promise<void> {
        const file = join(clone.folder, "Pulumi.wrong.yaml");
        const right = readFileSync(file, "utf8");
        const values = set.flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
        await clone.mustPulumi("config", "set-all", "--stack", "wrong", "--path", ...values);
        const before = await engine.remains();
        const words = await refusal(["up", "--yes", "--skip-preview", "--stack", "wrong"]);
        const found = words.split("\n").map((line) => line.trim().replace(/^error: /, ""));
        for (const line of lines) assert.ok(found.includes(line), `${line}\n${words}`);
        assert.deepEqual(await engine.remains(), before);
        writeFileSync(file, right);
      }

      for (const [key, value, line] of ofPulumi) {
        it(`says of ${key} = ${value} which type is needed, and nothing is created`, () =>
          refuses([[key, value]], [line]));
      }

      it("says of every problem where, what and how, all at once, and nothing is created", () =>
        refuses(
          cases.map(([key, value]) => [key, value]),
          cases.map(([, , line]) => line),
        ));

      it("says so of an unknown key of a machine", () =>
        refuses(
          [
            ["mia:machine.driver", "local"],
            ["mia:machine.memory", "4096"],
          ],
          [ours("machine.memory", "got a key that does not exist. Fix: pulumi config rm --path mia:machine.memory")],
        ));
    });
  });
});
