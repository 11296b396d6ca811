// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { parts } from "./support/parts.ts";
import { allPartsWell, statusOf } from "./support/recovery.ts";
import { SharedPlatform } from "./support/shared-platform.ts";
import { within } from "../support/limits.ts";

interface User {
  id: number;
  name: string;
  email: string;
}

describe("A service", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
  });

  after(() => platform.restore());

  function post(body: unknown): Promise<Response> {
    return fetch(`http://127.0.0.1:${String(clone.ports.http)}/user/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  const must = async (...args: string[]) => engine.must(...args);

  const allWell = (seconds: number) => allPartsWell(engine, clone, seconds);

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
      const { output } = await statusOf(clone);
      assert.match(output, /^db +exited \(0\).*\n(.*\n)*user +running +\S+ +\S+ +critical/m);
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
      assert.match(platform.firstUp, /uploads +: \[secret\]/);
      texts.push(["pulumi up", platform.firstUp]);
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
});
