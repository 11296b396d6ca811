// Requires: pulumi, engine, quiet-machine.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Clone, type Ports } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { parts } from "./support/parts.ts";
import { within } from "../support/limits.ts";

interface User {
  id: number;
  name: string;
  email: string;
}

describe("A service", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let firstUp: string;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.mustPulumi("stack", "select", "dev", "--create");
    firstUp = (await clone.mustPulumi("up", "--yes", "--skip-preview", "--diff")).output;
  });

  after(async () => {
    clone.remove();
    // It was started again: none for others any more.
    await OwnEngine.removeShared();
  });

  function post(body: unknown, ports: Ports = clone.ports): Promise<Response> {
    return fetch(`http://127.0.0.1:${String(ports.http)}/user/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async function create(name: string, ports?: Ports): Promise<User> {
    const response = await post({ name, email: `${name}@example.org` }, ports);
    assert.equal(response.status, 201);
    return (await response.json()) as User;
  }

  const must = async (...args: string[]) => engine.must(...args);

  /** Whether every part is well, as `npm run status` says. */
  async function status(): Promise<{ code: number; stdout: string }> {
    return clone.run("node", ["toolchain/mia.mjs", "status"]);
  }

  async function allWell(seconds: number): Promise<void> {
    await eventually(seconds, status, ({ code }) => code === 0);
  }

  describe("through the load balancer", () => {
    it("creates a user and finds it again, also in its own database", async () => {
      const response = await post({ name: "Ann", email: "ann@example.org" });
      assert.equal(response.status, 201);
      const { id, ...rest } = (await response.json()) as User;
      assert.deepEqual(rest, { name: "Ann", email: "ann@example.org" });
      assert.equal(response.headers.get("location"), `/user/users/${String(id)}`);

      const found = await fetch(clone.url("http", `/user/users/${String(id)}`));
      assert.equal(found.status, 200);
      assert.deepEqual(await found.json(), { id, name: "Ann", email: "ann@example.org" });

      const select = `MYSQL_PWD=$(cat $MYSQL_ROOT_PASSWORD_FILE) mysql -NB -u root -e 'SELECT name FROM mia_user_development.users WHERE id = ${String(id)}'`;
      assert.equal(await must("exec", "mia-dev-db", "sh", "-c", select), "Ann");
    });

    it("says what is wrong with invalid input", async () => {
      const response = await post({ name: "", email: "nowhere" });
      assert.equal(response.status, 422);
      assert.deepEqual(await response.json(), { errors: { name: ["can't be blank"], email: ["is invalid"] } });
      assert.equal((await post("{not json")).status, 400);
      const missing = await fetch(clone.url("http", "/user/users/4711"));
      assert.equal(missing.status, 404);
      assert.deepEqual(await missing.json(), { error: "There is no user with id 4711." });
    });

    it("has the article's variables of a link, as names", async () => {
      const variables = (await must("exec", await engine.container("user"), "env")).split("\n");
      for (const variable of [
        "WEB_DB_1_PORT_3306_TCP_ADDR=db",
        "WEB_DB_1_PORT_3306_TCP_PORT=3306",
        "DB_PORT_3306_TCP_ADDR=db",
        "DB_PORT_3306_TCP_PORT=3306",
        "SERVICE_PLATFORM=mia-dev",
        "SERVICE_3000_NAME=user",
        "SERVICE_3000_TAGS=backend,user",
        "WEB_MEMCACHE_1_PORT_11211_TCP_ADDR=memcache",
        "WEB_RMQ_1_PORT_5672_TCP_ADDR=rmq",
        "WEB_CONSUL_1_PORT_8500_TCP_ADDR=consul",
        "WEB_ELASTIC_1_PORT_9200_TCP_ADDR=elastic",
        "PORT=3000",
      ]) {
        assert.ok(variables.includes(variable), variable);
      }
    });

    it("can do nothing in the database but with its own part of it", async () => {
      const grants = `MYSQL_PWD=$(cat $MYSQL_ROOT_PASSWORD_FILE) mysql -NB -u root -e "SHOW GRANTS FOR 'user'@'%'"`;
      const lines = (await must("exec", "mia-dev-db", "sh", "-c", grants)).split("\n");
      assert.equal(lines.length, 2, lines.join("\n"));
      assert.match(lines[0] ?? "", /^GRANT USAGE ON \*\.\* TO `user`@`%`/);
      assert.match(lines[1] ?? "", /^GRANT ALL PRIVILEGES ON `mia\\+_user\\+_development`\.\* TO `user`@`%`$/);
    });

    it("is out, with an honest check, while its database is away, and in again by itself", async () => {
      await must("stop", "mia-dev-db");
      const down = await eventually(
        within.outage,
        () => fetch(clone.url("http", "/user/users/1")),
        (response) => response.status === 503,
      );
      assert.equal(down.headers.get("retry-after"), "1");
      await eventually(
        within.outage,
        () => fetch(clone.url("http", "/user/users/1")).then((r) => r.text()),
        (text) => text.includes("No healthy service"),
      );
      assert.match((await status()).stdout, /^db +exited \(0\).*\n(.*\n)*user +running +\S+ +\S+ +critical/m);
      await must("start", "mia-dev-db");
      await eventually(
        within.recovery,
        () => fetch(clone.url("http", "/user/users/1")),
        (response) => response.status === 200,
      );
      await allWell(within.recovery);
    });
  });

  describe("Its secrets", () => {
    it("are in no environment, log, preview or plain state, and in the files of their own containers alone", async () => {
      const [root, administrator, ...own] = await Promise.all([
        must("exec", "mia-dev-db", "cat", "/run/secrets/root-password"),
        must("exec", "mia-dev-rmq", "sed", "-n", "s/default_pass = //p", "/etc/rabbitmq/conf.d/90-administrator.conf"),
        must("exec", await engine.container("user"), "cat", "/run/secrets/db-password"),
        must("exec", await engine.container("user"), "cat", "/run/secrets/rmq-password"),
        must("exec", await engine.container("catalog"), "cat", "/run/secrets/db-password"),
        must("exec", await engine.container("catalog"), "cat", "/run/secrets/rmq-password"),
      ]);
      const secrets = [root, administrator, ...own];
      assert.equal(new Set(secrets).size, 6);
      for (const secret of secrets) assert.match(secret, /^[A-Za-z0-9]{32}$/);
      const names = (await must("ps", "--format", "{{.Names}}")).split("\n");
      const texts: [string, string][] = [];
      for (const name of names) {
        texts.push([`docker inspect ${name}`, await must("inspect", name)]);
        texts.push([`docker logs ${name}`, (await engine.docker("logs", name)).output]);
      }
      // The first one shows every input.
      assert.match(firstUp, /uploads +: \[secret\]/);
      texts.push(["pulumi up", firstUp]);
      texts.push(["pulumi preview", (await clone.mustPulumi("preview", "--diff")).output]);
      texts.push(["pulumi stack export", (await clone.mustPulumi("stack", "export")).output]);
      texts.push(["pulumi stack output", (await clone.mustPulumi("stack", "output", "--json")).output]);
      for (const file of readdirSync(clone.home, { recursive: true, withFileTypes: true })) {
        if (!file.isFile() || !file.parentPath.startsWith(join(clone.home, "state"))) continue;
        texts.push([file.name, readFileSync(join(file.parentPath, file.name), "utf8")]);
      }
      texts.push(["process list", execFileSync("ps", ["axww", "-o", "args"], { encoding: "utf8" })]);
      assert.deepEqual(
        texts.filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([where]) => where),
        [],
      );
      const others = [root, administrator, ...own.slice(2)].flatMap((secret) => ["-e", secret]);
      const atUser = await engine.docker(
        "exec",
        await engine.container("user"),
        "grep",
        "-rs",
        ...others,
        "/run",
        "/web",
      );
      assert.equal(atUser.output, "");
      const login = `user:${own[1]}`;
      const management = await fetch(clone.url("rmqManagement", "/api/whoami"), {
        headers: { authorization: `Basic ${Buffer.from(login).toString("base64")}` },
      });
      assert.equal(management.status, 401, "a service's user is none of the management");
    });
  });

  describe("Two stacks on one engine", () => {
    let other: Ports;

    before(async () => {
      await clone.mustPulumi("stack", "init", "qa", "--no-select");
      other = await clone.useFreePorts("qa");
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    });

    after(async () => {
      await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa");
      assert.deepEqual(
        (await engine.remains()).filter((what) => what.includes("mia-qa")),
        [],
      );
    });

    it("are a developer's, with code mounted, and one with everything baked; after both nothing is to be changed", async () => {
      const mounts = async (part: string) => {
        const said = await must("inspect", "--format", "{{range .Mounts}}{{.Destination}} {{end}}", part);
        return said.split(" ").sort(); // the engine says them in any order
      };
      assert.deepEqual(await mounts(await engine.container("user")), ["/web/rubygems", "/web/service"]);
      assert.deepEqual(await mounts(await engine.container("user", "mia-qa")), [""]);
      for (const stack of ["dev", "qa"]) await clone.mustPulumi("preview", "--expect-no-changes", "--stack", stack);
    });

    it("with the same service names never answer for each other", async () => {
      const [here, there] = [await create("here"), await create("there", other)];
      const sides = [
        { url: clone.url("http", `/user/users/${String(here.id)}`), name: "here" },
        { url: `http://127.0.0.1:${String(other.http)}/user/users/${String(there.id)}`, name: "there" },
      ];
      const wrong: string[] = [];
      const ask = async ({ url, name }: { url: string; name: string }) => {
        for (let i = 0; i < 250; i++) {
          const response = await fetch(url);
          const text = await response.text();
          if (response.status !== 200 || !text.includes(`"name":"${name}"`)) wrong.push(`${name}: ${text}`);
        }
      };
      await Promise.all([...sides, ...sides, ...sides, ...sides].map(ask));
      assert.deepEqual(wrong, []);
      const instances = (await (await fetch(clone.url("consul", "/v1/catalog/service/user"))).json()) as unknown[];
      assert.equal(instances.length, 2, "each Consul knows both stacks' instances");
    });
  });

  describe("Its data", () => {
    it("is there after `npm run down` and the next `up`", async () => {
      const { id } = await create("Keeper");
      const down = await clone.run("node", ["toolchain/mia.mjs", "down", "--yes"]);
      assert.equal(down.code, 0, down.output);
      assert.deepEqual((await engine.remains()).sort(), [
        "volume mia-dev-consul-data",
        "volume mia-dev-data",
        "volume mia-dev-rubygems",
      ]);
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
      const found = await fetch(clone.url("http", `/user/users/${String(id)}`));
      assert.equal(((await found.json()) as User).name, "Keeper");
    });
  });

  describe("After trouble", () => {
    it("everything is back and passing within 60 s of an engine's restart, and nothing is to be changed", async () => {
      await engine.kill("SIGTERM");
      await engine.run();
      const from = Date.now();
      await allWell(within.start);
      await eventually(
        within.start - (Date.now() - from) / 1000,
        () => fetch(clone.url("http", "/user/users/1")),
        (response) => response.status === 200,
      );
      await clone.mustPulumi("preview", "--expect-no-changes");
      await clone.mustPulumi("refresh", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    for (const part of parts) {
      it(`${part} is back and passing within 30 s of its main process being killed`, async () => {
        const name = await engine.container(part);
        const pid = await engine.killMain(name);
        await eventually(
          within.recovery,
          () => must("inspect", "--format", "{{.State.Pid}} {{.State.Running}}", name),
          (now) => {
            return now.endsWith("true") && !now.startsWith(`${String(pid)} `);
          },
        );
        await allWell(within.recovery);
        await eventually(
          within.recovery,
          () => fetch(clone.url("http", "/user/users/1")),
          ({ status: code }) => code === 200,
        );
      });
    }

    it("every service is registered again after Consul's data is lost", async () => {
      await must("stop", "mia-dev-consul");
      await must(
        "run",
        "--rm",
        "--volumes-from",
        "mia-dev-consul",
        "--entrypoint",
        "sh",
        await imageOf("lb"),
        "-c",
        "rm -rf /consul/data/*",
      );
      await must("start", "mia-dev-consul");
      await eventually(
        within.recovery,
        () =>
          fetch(clone.url("consul", "/v1/health/service/user?passing=1"))
            .then((r) => r.text())
            .catch(() => ""),
        (text) => text.includes("mia-dev-user"),
      );
      await allWell(within.recovery);
      // And what happens from then on is heard of.
      const loaded = () => fetch(clone.url("status", "/services")).then((r) => r.text());
      await must("stop", await engine.container("user"));
      await eventually(within.outage, loaded, (text) => !text.includes("mia-dev-user"));
      await must("start", await engine.container("user"));
      await eventually(within.recovery, loaded, (text) => text.includes("mia-dev-user"));
      await allWell(within.recovery);
    });

    it("Consul asks an instance that has ended no more, even where Registrator has not heard of the end", async () => {
      const user = await engine.container("user");
      const name = await engine.must("inspect", "--format", "{{.Name}}", user);
      const checks = async () => {
        const all = (await (await fetch(clone.url("consul", "/v1/agent/checks"))).json()) as Record<string, unknown>;
        return Object.keys(all).filter((id) => id.includes(`:${name.slice(1)}:`));
      };
      assert.equal((await checks()).filter((id) => id.startsWith("service:")).length, 1);
      await must("stop", "mia-dev-registrator");
      await must("stop", user);
      // One of an address that is nobody's lasts for seconds, and Consul lets go of nobody meanwhile. That it ends is still said.
      const left = await checks();
      assert.equal(left.length, 1, left.join());
      assert.match(left[0] ?? "", /^_service_maintenance:/);
      await must("start", "mia-dev-registrator");
      await eventually(within.recovery, checks, (now) => now.length === 0);
      await must("start", user);
      await allWell(within.start);
    });

    for (const end of ["kill", "stop"]) {
      it(`\`docker ${end}\` means stay down: status, preview and the next \`up\` show it, and the \`up\` repairs it`, async () => {
        await must(end, await engine.container("user"));
        await eventually(
          within.change,
          async () => must("inspect", "--format", "{{.State.Status}}", await engine.container("user")),
          (now) => now === "exited",
        );
        const shown = await status();
        assert.equal(shown.code, 1);
        assert.match(shown.stdout, /^user +exited \(\d+\)/m);
        const words = /user is stopped \(it ended with code \d+\)/;
        assert.match((await clone.mustPulumi("preview")).output, words);
        assert.match((await clone.mustPulumi("up", "--yes", "--skip-preview")).output, words);
        await allWell(within.recovery);
        await clone.mustPulumi("preview", "--expect-no-changes");
      });
    }

    it("one that was told to stop, and ends only in the middle of the next `up`, is started again by it", async () => {
      const container = await engine.container("keepwww");
      const address = await engine.addressOf(container);
      // Whoever is connected to it is waited for before it ends.
      const client = connect(80, address);
      await once(client, "connect");
      const stopping = must("stop", "--time", "60", container);
      try {
        const services = () => fetch(clone.url("status", "/services")).then((response) => response.text());
        await eventually(within.reaction, services, (text) => !text.includes(`:${container}:`));
        const upping = clone.mustPulumi("up", "--yes", "--skip-preview");
        // Longer than the start of an `up` takes, in which it looks whether all run.
        await sleep(8000);
        assert.equal(await must("inspect", "--format", "{{.State.Status}}", container), "running");
        client.destroy();
        assert.match((await upping).output, /keepwww is stopped \(it ended with code 0\): starting it again/);
      } finally {
        client.destroy();
        await stopping;
      }
      await allWell(within.recovery);
      await clone.mustPulumi("preview", "--expect-no-changes");
    });

    it("a refresh shows what is stopped or gone, and the next `up` makes it again", async () => {
      await must("stop", await engine.container("user"));
      await must("rm", "-f", await engine.container("lb"));
      const refresh = await clone.mustPulumi("refresh", "--yes", "--skip-preview");
      assert.match(refresh.output, /Container user updated .*mustRun/);
      assert.match(refresh.output, /Container lb deleted/);
      assert.match((await clone.mustPulumi("preview")).output, /\+ 1 to create\s+~ 1 to update/);
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      await allWell(within.recovery);
      await clone.mustPulumi("preview", "--expect-no-changes");
    });
  });

  describe("With an address of the machine (mia:serviceAddress)", () => {
    it("is registered under it with a port that Docker chose, and answers", async () => {
      await clone.mustPulumi("config", "set", "mia:serviceAddress", engine.address);
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
      await clone.mustPulumi("refresh", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
      const [published = ""] = (await must("port", await engine.container("user"), "3000")).split("\n");
      const services = await (await fetch(clone.url("status", "/services"))).text();
      assert.ok(published.startsWith(`${engine.address}:`) && services.includes(published), services);
      assert.equal((await fetch(clone.url("http", "/user/users/1"))).status, 200);
      // Docker chooses another port for a container that starts again.
      await must("restart", await engine.container("user"));
      await eventually(
        within.recovery,
        () => fetch(clone.url("http", "/user/users/1")),
        (response) => response.status === 200,
      );
      await clone.mustPulumi("refresh", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
    });
  });

  describe("`npm run deploy`", () => {
    it("refuses a stack whose services run their folders", async () => {
      const { code, output } = await clone.run("node", ["toolchain/deploy.mjs", "deploy", "user", "--stack", "dev"]);
      assert.deepEqual(
        [code, output],
        [
          1,
          "✘ Stack dev is of the kind development, where services run their folders as they are: npm run up -- --stack dev\n",
        ],
      );
    });
  });

  describe("`npm run logs`", () => {
    it("shows several parts with their names, and says which there are", async () => {
      const shown = await clone.run("node", ["toolchain/mia.mjs", "logs", "--no-follow", "--tail", "5", "user", "lb"]);
      assert.equal(shown.code, 0, shown.output);
      assert.match(shown.stdout, /^user +│ /m);
      assert.doesNotMatch(shown.stdout, /^db /m);
      const unknown = await clone.run("node", ["toolchain/mia.mjs", "logs", "usr"]);
      assert.deepEqual(
        [unknown.code, unknown.output],
        [1, `✘ There is no part usr in stack dev; there are ${parts.join(", ")}.\n`],
      );
    });
  });

  describe("`npm run logs`, following", () => {
    it("goes on with what starts again, and leaves the others in peace", async () => {
      const child = spawn("node", ["toolchain/mia.mjs", "logs", "--tail", "1", "user", "registrator"], {
        cwd: clone.folder,
        env: clone.env,
      });
      let shown = "";
      child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
      try {
        await eventually(
          within.reaction,
          () => Promise.resolve(shown),
          (text) => /^user +│/m.test(text),
        );
        shown = "";
        await must("restart", await engine.container("user"));
        await eventually(
          within.recovery,
          () => Promise.resolve(shown),
          (text) => /^user +│ .*worker=1 ready/m.test(text) && /^registrator +│/m.test(text),
        );
      } finally {
        child.kill();
      }
      await allWell(within.recovery);
    });
  });

  describe("Its end", () => {
    it("asks before data goes, and with --yes leaves nothing", async () => {
      const asked = await clone.run("node", ["toolchain/mia.mjs", "down", "--volumes"]);
      assert.notEqual(asked.code, 0);
      assert.match(
        asked.output,
        /✘ This deletes mia-dev-consul-data, mia-dev-data, mia-dev-rubygems with all data, for good\. Nobody can be asked here: add --yes\.\n$/,
      );
      assert.equal((await status()).code, 0);
      const down = await clone.run("node", ["toolchain/mia.mjs", "down", "--volumes", "--yes"]);
      assert.equal(down.code, 0, down.output);
      assert.deepEqual(await engine.remains(), []);
    });
  });

  async function imageOf(part: string): Promise<string> {
    return must("inspect", "--format", "{{.Config.Image}}", await engine.container(part));
  }
});
