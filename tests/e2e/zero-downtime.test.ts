// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { createUser, found } from "../../acceptance/flow.ts";
import { Clone, type Ports } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { buildGem, GemServer } from "./support/gem-server.ts";
import { type Kind, Load, pace, slow, uncachedSearch } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { isLong } from "./support/random.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { within } from "../support/limits.ts";

/** How many requests each change is to meet at least: `npm run test:long` asks for more. */
const requests = Number(process.env["MIA_LOAD_REQUESTS"] ?? 400);

/** How often a main process is killed. */
const turns = isLong ? 10 : 4;

const kinds: Kind[] = [
  { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' },
  { method: "POST", path: "/user/users", body: '{"name":"","email":"a@b.org"}', status: 422, words: "can't be blank" },
  { method: "GET", path: "/keepwww/", status: 200, words: "<title>Keep</title>" },
  { method: "POST", path: "/user/users", body: '{"name":"New","email":"a@b.org"}', status: 201, words: '"name":"New"' },
  // In a plain run nothing searches: the platform is without the search engine.
  ...(isLong ? [uncachedSearch] : []),
];

describe("No request fails", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let load: Load | undefined;
  const table: string[] = [];
  let sentInAll = 0;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    if (!isLong) await clone.reduce("keepwww", "user");
    // What takes two seconds, and who answers.
    await clone.edit("services/rosi_user_service/config/routes.rb", (text) =>
      text.replace(
        /^end$/m,
        '  get "slow", to: ->(_) { sleep 2; [200, {}, ["slow"]] }\n  get "who", to: ->(_) { [200, {}, [Socket.gethostname]] }\nend',
      ),
    );
    await variable("REVISION", "1");
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    if (isLong) await makeFindable(clone.url("http", ""));
    load = new Load(clone.ports.http, kinds, slow, 8, pace);
  });

  after(async () => {
    await load?.stop();
    table.push(`in all: ${String(sentInAll)} requests`);
    figuresOfLongRun("zero-downtime", [["what", "what clients met"], ...table.map((line) => line.split(": "))]);
    clone.remove();
    await engine.clear();
  });

  const must = async (...args: string[]) => engine.must(...args);

  /** Gives `user` a variable in its entry, in the place of the last one. */
  const variable = (name: string, value: string, more = "") => clone.editUser(name, value, more);

  /** Makes the user that the load searches for. */
  async function makeFindable(url: string): Promise<void> {
    await createUser(url, "constant load");
    await found(url, "constant load", 30);
  }

  const up = async () => clone.mustPulumi("up", "--yes", "--skip-preview");

  async function replicas(count: number): Promise<void> {
    await clone.mustPulumi("config", "set", "--path", "mia:replicas.user", String(count));
  }

  /** The containers of a part, by id. */
  async function containers(part = "user"): Promise<string[]> {
    const ids = await must("ps", "--all", "--quiet", "--no-trunc", "--filter", `label=mia.part=${part}`);
    return ids.split("\n").filter((id) => id !== "");
  }

  /** Who was started when: the same before and after for those that a change is not about. */
  async function others(parts: readonly string[]): Promise<string> {
    const all = await engine.started();
    return all.filter((line) => !parts.some((part) => line.startsWith(`${part} `))).join("\n");
  }

  /** Makes a change under load: no request may fail, and nobody else may be started again. */
  async function under(what: string, change: () => Promise<unknown>, parts = ["user"]): Promise<void> {
    assert.ok(load);
    const before = await others(parts);
    await load.seen();
    const from = Date.now();
    await change();
    const seconds = ((Date.now() - from) / 1000).toFixed(1);
    const { sent, failed, failures } = await load.seen(requests);
    sentInAll += sent;
    table.push(`${what}: ${String(failures)} failed of ${String(sent)} (${seconds} s)`);
    assert.deepEqual(failed, {}, `of ${String(sent)}`);
    assert.equal(await others(parts), before);
  }

  /** So many containers are left of a part. A preview has nothing to change: after each step in the long suite. */
  async function settled(count: number, part = "user", isPreviewed = isLong): Promise<void> {
    assert.equal((await containers(part)).length, count);
    if (isPreviewed) await clone.mustPulumi("preview", "--expect-no-changes");
  }

  it("when an instance is replaced", async () => {
    await under("one replaced", async () => {
      await variable("REVISION", "2");
      await up();
    });
    await settled(1);
  });

  it("from one instance to three", async () => {
    await under("1 → 3", async () => {
      await replicas(3);
      await up();
    });
    await settled(3);
  });

  itInLongSuite("when one of three is stopped by hand, and the next `up` starts it again", async () => {
    const [first = ""] = await containers();
    await under("docker stop", () => must("stop", first));
    await under("started again", up);
    await settled(3);
  });

  itInLongSuite("from three instances to two, and when both are replaced", async () => {
    await under("3 → 2", async () => {
      await replicas(2);
      await up();
    });
    await settled(2);
    await under("two replaced", async () => {
      await variable("REVISION", "3");
      await up();
    });
    await settled(2);
  });

  it("from three instances to one", async () => {
    // The long suite has left two.
    if (isLong) {
      await replicas(3);
      await up();
    }
    await under("3 → 1", async () => {
      await replicas(1);
      await up();
    });
    await settled(1);
  });

  itInLongSuite("when a gem is added in dev", async () => {
    const gems = await GemServer.start(engine.address, "mia_greeting", "1.0.0", await buildGem(engine, clone.home));
    try {
      await under("gem added", async () => {
        await variable("BUNDLE_MIRROR__ALL", gems.url);
        await clone.edit("services/rosi_user_service/Gemfile", (text) => `${text}gem "mia_greeting"\n`);
        await up();
      });
    } finally {
      gems.stop();
    }
    assert.deepEqual(gems.downloads, ["/gems/mia_greeting-1.0.0.gem"]);
    await settled(1);
  });

  it("when a new version never gets healthy: the old one serves, `up` says why, and the next good one converges", async () => {
    await under("never healthy", async () => {
      await variable("BROKEN", "yes", " readySeconds: 30,");
      await clone.edit(
        "services/rosi_user_service/config/application.rb",
        (text) => `raise "broken on purpose" if ENV["BROKEN"]\n${text}`,
      );
      const failed = await clone.pulumi("up", "--yes", "--skip-preview");
      assert.notEqual(failed.code, 0);
      assert.match(failed.output, /error: user runs, but was not in the load balancer within 30 s \(Consul: critical/);
      assert.match(failed.output, /broken on purpose/);
      assert.equal((await containers()).length, 2);
    });
    await under("the next good one", async () => {
      await variable("REVISION", "4");
      await up();
    });
    await settled(1, "user", true);
  });

  it("when an `up` is killed in the middle: what it left is drained and removed by the next", async () => {
    await under("killed, and the next", async () => {
      await variable("REVISION", "5");
      const before = await containers();
      await clone.killUp(async () => (await containers()).length > before.length);
      await clone.mustPulumi("cancel", "--yes");
      await up();
    });
    await settled(1, "user", true);
  });

  it("when the load balancer is replaced by a new image of it", async () => {
    const [before] = await containers("lb");
    const replace = async () => {
      await clone.edit("lb/nginx/nginx.conf", (text) => `# another image\n${text}`);
      await up();
    };
    await under("load balancer replaced", replace, ["lb"]);
    assert.notDeepEqual(await containers("lb"), [before]);
    await settled(1, "lb");
  });

  itInLongSuite("when the leading load balancer of two is stopped by hand, and when one is killed", async () => {
    // An `up` that was killed at the gate leaves two.
    const two = async () => {
      await clone.edit("lb/nginx/nginx.conf", (text) => `# one more image\n${text}`);
      await variable("BROKEN", "yes");
      await clone.killUp((output) => output.includes("not in the load balancer yet"));
      await clone.mustPulumi("cancel", "--yes");
    };
    const leader = async () => {
      const [any = ""] = await containers("lb");
      return must("exec", any, "readlink", "/run/lb/current");
    };
    await under(
      "two load balancers, the leading one stopped",
      async () => {
        const [old = ""] = await containers("lb");
        await two();
        const first = await leader();
        assert.ok(!old.startsWith(first));
        await must("stop", first);
        assert.ok(old.startsWith(await must("exec", old, "readlink", "/run/lb/current")));
        // The other way round, for one that has no time to say so.
        await must("start", first);
        await eventually(
          within.reaction,
          () => must("exec", old, "readlink", "/run/lb/current"),
          (now) => now === first,
        );
      },
      ["lb", "user"],
    );
    await load?.seen();
    await must("kill", await leader());
    await eventually(
      within.change,
      () => fetch(clone.url("status", "/health")),
      ({ status }) => status === 200,
    );
    await load?.seen();
    await under(
      "the next good up",
      async () => {
        await variable("REVISION", "6");
        await up();
      },
      ["lb", "user"],
    );
    await settled(1, "lb");
    await settled(1);
  });

  it("and no client's connection is lost when nginx loads its configuration anew, or starts again", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const used = new Set<number | undefined>();
    const ask = () =>
      new Promise<number | undefined>((done, fail) => {
        const url = clone.url("http", "/user/users?ids=0");
        const sent = get(url, { agent }, (response) => {
          response.resume().on("end", () => {
            used.add(sent.socket?.localPort);
            done(response.statusCode);
          });
        }).on("error", fail);
      });
    const lb = await engine.container("lb");
    const workers = async () =>
      (await must("top", lb, "-o", "pid,args")).split("\n").filter((line) => line.endsWith("nginx: worker process"));
    assert.equal(await ask(), 200);
    await under("20 reloads", async () => {
      for (let turn = 0; turn < 20; turn++) {
        const before = await workers();
        await must("exec", lb, "sv", "hup", "nginx");
        await eventually(within.change, workers, (now) => now.length > 0 && !now.some((one) => before.includes(one)));
        assert.equal(await ask(), 200);
      }
    });
    await must("restart", lb);
    await eventually(within.reaction, ask, (status) => status === 200);
    agent.destroy();
    assert.equal(used.size, 1);
    await load?.seen();
  });

  it("but for a moment, when what holds the port is replaced", async () => {
    assert.ok(load);
    await load.seen();
    await clone.edit("edge/nginx.conf", (text) => `# another image\n${text}`);
    await up();
    const { sent, failures, gap } = await load.seen(requests);
    table.push(`edge replaced: ${String(failures)} failed of ${String(sent)}, ${gap.toFixed(1)} s without an answer`);
    assert.deepEqual((await load.seen(requests)).failed, {});
    await settled(1, "edge", true);
  });

  itInLongSuite("when images are changed in qa", async () => {
    await clone.git(
      "checkout",
      "--quiet",
      "services/rosi_user_service/Gemfile",
      "services/rosi_user_service/Gemfile.lock",
    );
    await clone.mustPulumi("stack", "init", "qa", "--no-select");
    const ports: Ports = await clone.useFreePorts("qa");
    await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    await makeFindable(`http://127.0.0.1:${String(ports.http)}`);
    const qa = new Load(ports.http, kinds, slow, 8, pace);
    try {
      await clone.edit("services/rosi_user_service/config/routes.rb", (text) => `# another image\n${text}`);
      await clone.edit("frontend/keep_www/index.html", (text) => text.replace("<h1>Keep</h1>", "<h1>Kept</h1>"));
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    } finally {
      await qa.stop();
    }
    const { sent, failed, failures } = await qa.seen();
    sentInAll += sent;
    table.push(`images changed in qa: ${String(failures)} failed of ${String(sent)}`);
    assert.deepEqual(failed, {}, `of ${String(sent)}`);
    await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
    await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa");
  });

  it("in flight, when the last instance of a service is taken down alone", async () => {
    await load?.stop();
    const urn = (await clone.mustPulumi("stack", "--show-urns")).stdout
      .split("\n")
      .find((line) => line.endsWith("Container::user"));
    const target = urn?.trim().replace(/^.*URN: /, "") ?? "";
    // Some are in flight, whenever it comes.
    const answers: Promise<{ status: number; text: string; at: number }>[] = [];
    const asking = setInterval(() => {
      const answer = fetch(clone.url("http", "/user/slow")).then(async (response) => {
        return { status: response.status, text: await response.text(), at: Date.now() };
      });
      answer.catch(() => undefined); // it is awaited below
      answers.push(answer);
    }, 450);
    try {
      await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--target", target, "--target-dependents");
    } finally {
      clearInterval(asking);
    }
    const all = await Promise.all(answers);
    assert.deepEqual(await containers(), []);
    const refused = all.filter(
      ({ status, text }) => status === 503 && text.includes("No healthy service answers here"),
    );
    const answered = all.filter(({ status, text }) => status === 200 && text === "slow");
    assert.deepEqual(refused.length + answered.length, all.length, JSON.stringify(all));
    // It was out of the load balancer while it still answered.
    const firstRefused = Math.min(...refused.map(({ at }) => at));
    const late = answered.filter(({ at }) => at > firstRefused).length;
    table.push(`taken down alone: ${String(late)} answered after the first was refused, 0 failed`);
    assert.ok(late > 0, JSON.stringify(all));
    await up();
  });

  it("and an instance is in the load balancer soon after it can answer, and out at once when its main process dies", async () => {
    await load?.stop();
    const known = new Set(await containers());
    await replicas(2);
    const upping = up();
    const fresh = await eventually(
      within.start,
      async () => (await containers()).find((id) => !known.has(id)),
      (id) => id !== undefined,
    );
    let routed: number;
    try {
      const address = await eventually(within.change, () => engine.addressOf(fresh ?? ""), Boolean);
      const ok = (url: string) =>
        fetch(url)
          .then((response) => response.text())
          .catch(() => "");
      await eventually(
        within.start,
        async () => {
          const before = await ok(clone.url("status", "/services"));
          const health = await ok(`http://${address}:3000/health`);
          // Never before it can answer.
          if (!health.includes('"database":"ok"')) assert.ok(!before.includes(`"${address}:3000"`), before);
          return health;
        },
        (text) => text.includes('"database":"ok"'),
      );
      const healthy = Date.now();
      await eventually(
        within.recovery,
        () => ok(clone.url("http", "/user/who")),
        (text) => fresh?.startsWith(text) === true && text !== "",
      );
      routed = (Date.now() - healthy) / 1000;
    } finally {
      await upping;
    }
    table.push(`first 200 → first answer through the load balancer: ${routed.toFixed(1)} s`);
    // More than 10 s means that a round of Consul's checks was missed. Only the long suite runs nothing beside it.
    if (isLong) assert.ok(routed <= 10, `${String(routed)} s`);

    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const id = (await containers())[0] ?? "";
      const name = (await must("inspect", "--format", "{{.Name}}", id)).slice(1);
      const services = async () => {
        const response = await fetch(clone.url("status", "/services"));
        assert.equal(response.status, 200);
        return response.text();
      };
      // Consul first: an nginx worker of before the last reload may still answer for a moment.
      const consul = clone.url("consul", "/v1/health/service/user?passing=1");
      const passing = () => fetch(consul).then((response) => response.text());
      await eventually(within.start, passing, (text) => text.includes(`:${name}:3000`));
      await eventually(within.change, services, (text) => text.includes(`:${name}:3000`));
      await engine.killMain(id);
      const killed = Date.now();
      await eventually(within.change, passing, (text) => !text.includes(`:${name}:3000`));
      await eventually(within.change, services, (text) => !text.includes(`:${name}:3000`));
      times.push((Date.now() - killed) / 1000);
    }
    const median = times.sort((a, b) => a - b)[Math.floor(turns / 2)] ?? 0;
    table.push(
      `killed → out of nginx: median ${median.toFixed(2)} s of ${String(turns)} (${times[0]?.toFixed(2) ?? ""} to ${times.at(-1)?.toFixed(2) ?? ""})`,
    );
    if (isLong) assert.ok(median <= 2, String(median));
  });
});
