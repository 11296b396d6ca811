// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import { acceptance, createUser, found, newName, search, searchUntil } from "../../acceptance/flow.ts";
import type { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { SharedPlatform } from "./support/shared-platform.ts";
import { within } from "../support/limits.ts";

describe("The whole article", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;
  let url: string;

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
    url = clone.url("http", "");
  });

  after(async () => {
    await platform.restore();
  });

  const must = async (...args: string[]) => engine.must(...args);

  const inCatalog = async (...args: string[]) => must("exec", await engine.container("catalog"), ...args);
  const elastic = (...args: string[]) => must("exec", "mia-dev-elastic", "curl", "-fsS", ...args);
  const memcached = (command: string) =>
    must(
      "exec",
      "mia-dev-memcache",
      "bash",
      "-c",
      `exec 3<>/dev/tcp/127.0.0.1/11211; printf '${command}\\r\\nquit\\r\\n' >&3; cat <&3`,
    );

  describe("Its acceptance flow", () => {
    it("passes, through the load balancer alone", () => acceptance(url));

    it("goes through RabbitMQ: while that is away a user is created all the same, and found once it is back", async () => {
      await must("stop", "mia-dev-rmq");
      const user = await engine.container("user");
      const from = new Date().toISOString();
      const { id, name } = await createUser(url, newName());
      // The publisher has tried to send the event.
      await eventually(
        within.outage,
        () => engine.docker("logs", "--since", from, user),
        ({ output }) => output.includes("lib/publisher.rb"),
      );
      assert.deepEqual((await search(url, name)).results, []);
      await must("start", "mia-dev-rmq");
      assert.deepEqual((await found(url, name, 60)).results, [{ id, name }]);
      const queues = await must("exec", "mia-dev-rmq", "rabbitmqctl", "--quiet", "list_queues", "name", "consumers");
      assert.match(queues, /^catalog\.users\t1$/m);
    });

    it("finds what is in the search engine, which is filled again where its index is lost", async () => {
      const { id, name } = await createUser(url, newName());
      await found(url, name);
      const at = "http://127.0.0.1:9200/catalog-users";
      assert.deepEqual((JSON.parse(await elastic(`${at}/_doc/${String(id)}`)) as { _source: object })._source, {
        name,
      });
      await elastic("-X", "DELETE", `${at}/_doc/${String(id)}?refresh=true`);
      assert.deepEqual((await search(url, `${name} `.toUpperCase().trim().slice(0, -1))).results, []);
      await elastic("-X", "DELETE", at);
      await eventually(
        within.reaction,
        () => search(url, name.slice(0, -1)),
        ({ results }) => results.some((user) => user.id === id),
      );
    });

    it("is cached in memcached, until the index changes, and does without it", async () => {
      const { name } = await createUser(url, newName());
      await found(url, name);
      const hits = async () => Number(/STAT get_hits (\d+)/.exec(await memcached("stats"))?.[1]);
      const before = await hits();
      await searchUntil(url, name, ({ cached }) => cached);
      assert.ok((await hits()) > before);
      await memcached("flush_all");
      assert.equal((await search(url, name)).cached, false);
      await searchUntil(url, name, ({ cached }) => cached);
      const { name: other } = await createUser(url, newName());
      await searchUntil(url, name, ({ cached }) => !cached);
      await found(url, other);

      await must("stop", "mia-dev-memcache");
      for (let i = 0; i < 3; i++) assert.equal((await search(url, name)).cached, false);
      await must("start", "mia-dev-memcache");
      await searchUntil(url, name, ({ cached }) => cached);
    });

    it("asks user for the details, and says so where nobody can be asked", async () => {
      const { id, name } = await createUser(url, newName());
      await found(url, name);
      const sql = `UPDATE mia_user_development.users SET name = 'Another' WHERE id = ${String(id)}`;
      const client = `MYSQL_PWD=$(cat $MYSQL_ROOT_PASSWORD_FILE) mysql --user=root --execute="${sql}"`;
      await must("exec", "mia-dev-db", "sh", "-c", client);
      await memcached("flush_all");
      assert.deepEqual((await search(url, name)).results, [{ id, name: "Another" }]);

      await must("stop", await engine.container("user"));
      await eventually(
        within.reaction,
        () => fetch(`${url}/catalog/search?q=${name.slice(0, -1)}`).then((response) => response.text()),
        (text) => text === '{"error":"No instance of user is known."}',
      );
      await must("start", await engine.container("user"));
      await eventually(
        within.start,
        () => fetch(`${url}/catalog/search?q=${name.slice(0, -1)}`),
        (response) => response.status === 200,
      );
    });

    it("tells what is missing", async () => {
      const response = await fetch(`${url}/catalog/search`);
      assert.deepEqual(
        [response.status, await response.json()],
        [400, { error: "What to search for is missing: ?q=<name>." }],
      );
    });
  });

  describe("Its backing services", () => {
    /** Which containers of services there are, and since when each runs. */
    async function services(): Promise<string[]> {
      return (await engine.started()).filter((line) => /^(user|catalog|keeplounge|keepwww|lb|edge) /.test(line));
    }

    it("are replaced without those that use them: they connect anew", async () => {
      const { name, id } = await createUser(url, newName());
      await found(url, name, 60);
      const before = await services();
      await clone.edit("platform/catalogue/infrastructure.ts", (text) => {
        const [backing = "", balancer = ""] = text.split("/** What holds the published ports");
        const more = backing.replaceAll(/interval: "\d+s"/g, 'interval: "7s"');
        return `${more}/** What holds the published ports${balancer}`;
      });
      assert.match((await clone.mustPulumi("preview")).output, /\+-5 to replace/);
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      assert.deepEqual(await services(), before);
      await acceptance(url);
      // What the database holds is still there.
      const response = await fetch(`${url}/user/users/${String(id)}`);
      assert.equal(((await response.json()) as { name: string }).name, name);
      await clone.mustPulumi("preview", "--expect-no-changes");
    });
  });

  describe("catalog's file of where user is", () => {
    it("is read anew ten times without a failed request, by the same supervised unicorn", async () => {
      const supervised = async () =>
        /^run: .*: \(pid (\d+)\)/.exec(await inCatalog("sv", "status", "/etc/service/unicorn"))?.[1];
      const master = await supervised();
      const [address = ""] = (await inCatalog("cat", "config/rosi.yml")).split("- ").slice(1);
      const [host = "", port = ""] = address.trim().split(":");
      const consul = (path: string, body?: object) =>
        fetch(clone.url("consul", `/v1/agent/service/${path}`), {
          method: "PUT",
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const instances = async () =>
        (await inCatalog("cat", "config/rosi.yml")).split("\n").filter((line) => line.includes("- ")).length;

      const { name } = await createUser(url, newName());
      await found(url, name);
      let done = false;
      let sent = 0;
      const failed: string[] = [];
      const load = async () => {
        while (!done) {
          sent++;
          const response = await fetch(`${url}/catalog/search?q=${name}`).catch((error: unknown) => String(error));
          if (typeof response === "string") failed.push(response);
          else if (response.status !== 200) failed.push(await response.text());
          else await response.text();
        }
      };
      const loads = [load(), load(), load()];
      for (let change = 0; change < 10; change++) {
        const another = change % 2 === 0;
        if (another) {
          // The same instance once more, as Registrator would tell of a second one.
          const more = { ID: "another", Name: "user", Tags: ["backend", "user"], Address: host, Port: Number(port) };
          await consul("register", { ...more, Meta: { platform: "mia-dev" } });
        } else await consul("deregister/another");
        await eventually(within.change, instances, (count) => count === (another ? 2 : 1));
      }
      // Requests that the last change can fail are among the next ones.
      const enough = Math.max(sent + 30, 100);
      await eventually(
        within.recovery,
        () => Promise.resolve(sent),
        (count) => count > enough,
      );
      done = true;
      await Promise.all(loads);
      assert.deepEqual(failed, [], `of ${String(sent)}`);
      assert.equal(await supervised(), master);
      const masters = (await must("top", await engine.container("catalog"), "-o", "pid,args"))
        .split("\n")
        .filter((line) => line.includes("unicorn master"));
      assert.equal(masters.length, 1, masters.join("\n"));
    });

    it("says the same as Consul, which catalog can ask instead (DISCOVERY=consul)", async () => {
      const ask = "require './lib/directory'; print Directory.addresses('user').join(' ')";
      const [file, asked] = await Promise.all([
        inCatalog("ruby", "-e", ask),
        must("exec", "--env", "DISCOVERY=consul", await engine.container("catalog"), "ruby", "-e", ask),
      ]);
      assert.match(file, /^10\.214\.\d+\.\d+:3000$/);
      assert.equal(asked, file);
    });
  });

  describe("Mounted code", () => {
    const within = async (seconds: number, path: string, words: string) => {
      await eventually(
        seconds,
        () => fetch(`${url}${path}`).then((response) => response.text()),
        (text) => text.includes(words),
      );
    };

    it("of a service shows in the next request", async () => {
      const { id } = await createUser(url, newName());
      await clone.edit("services/rosi_user_service/app/models/user.rb", (text) =>
        text.replace("{ id:, name:, email: }", '{ id:, name:, email:, edited: "yes" }'),
      );
      const from = Date.now();
      const response = await fetch(`${url}/user/users/${String(id)}`);
      assert.match(await response.text(), /"edited":"yes"/);
      assert.ok(Date.now() - from < 1000, `${String(Date.now() - from)} ms`);
    });

    it("of a front end shows in the next load", async () => {
      await clone.edit("frontend/keep_www/index.html", (text) => text.replace("<h1>Keep</h1>", "<h1>Kept</h1>"));
      await within(1, "/keepwww/", "<h1>Kept</h1>");
      await clone.mustPulumi("preview", "--expect-no-changes");
    });
  });
});
