import assert from "node:assert/strict";
import { Clone, type Ports } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { type Kind, Load } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";

/** How many requests each change is to meet: `npm run test:long` asks for more. */
const requests = Number(process.env["MIA_LOAD_REQUESTS"] ?? 700);

const kinds: Kind[] = [
  { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' },
  { method: "POST", path: "/user/users", body: '{"name":"","email":"a@b.org"}', status: 422, words: "can't be blank" },
  { method: "GET", path: "/keepwww/", status: 200, words: "<title>Keep</title>" },
  { method: "POST", path: "/user/users", body: '{"name":"x","email":""}', status: 422, words: "can't be blank" },
];
const slow: Kind = { method: "GET", path: "/user/slow", status: 200, words: "slow" };
// One in so many takes two seconds.
const mix = [...Array.from({ length: 10 }, () => kinds).flat(), slow];

describe("No request fails", function () {
  this.timeout(900_000);
  let engine: OwnEngine;
  let clone: Clone;
  let load: Load | undefined;
  const table: string[] = [];

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
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
    load = new Load(clone.ports.http, mix);
  });

  after(async () => {
    await load?.stop();
    console.log(table.map((line) => `      ${line}`).join("\n"));
    clone.remove();
    await engine.clear();
  });

  async function must(...args: string[]): Promise<string> {
    const ended = await engine.docker(...args);
    assert.equal(ended.code, 0, `docker ${args.join(" ")}: ${ended.output}`);
    return ended.stdout.trim();
  }

  /** Gives `user` a variable in its entry, or takes it away. */
  async function variable(name: string, value?: string, more = ""): Promise<void> {
    await clone.edit("platform/catalogue/microservices.ts", (text) =>
      text.replace(
        /user: \{.*source: "services\/rosi_user_service", uses: everything \}/s,
        `user: { environment: { UNICORN_WORKERS: "4"${value === undefined ? "" : `, ${name}: "${value}"`} },${more} source: "services/rosi_user_service", uses: everything }`,
      ),
    );
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
  async function others(): Promise<string> {
    const ids = (await must("ps", "--quiet")).split("\n");
    const all = await must(
      "inspect",
      "--format",
      '{{index .Config.Labels "mia.part"}} {{.Id}} {{.State.StartedAt}}',
      ...ids,
    );
    return all
      .split("\n")
      .filter((line) => !line.startsWith("user "))
      .sort()
      .join("\n");
  }

  /** Makes a change under load: no request may fail, and nobody else may be started again. */
  async function under(what: string, change: () => Promise<unknown>): Promise<void> {
    assert.ok(load);
    const before = await others();
    await load.seen();
    const from = Date.now();
    await change();
    const seconds = ((Date.now() - from) / 1000).toFixed(1);
    const { sent, failed } = await load.seen(requests);
    table.push(
      `${what}: ${String(Object.values(failed).reduce((a, b) => a + b, 0))} failed of ${String(sent)} (${seconds} s)`,
    );
    assert.deepEqual(failed, {}, `of ${String(sent)}`);
    assert.equal(await others(), before);
  }

  async function settled(count: number): Promise<void> {
    assert.equal((await containers()).length, count);
    await clone.mustPulumi("preview", "--expect-no-changes");
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

  it("when one of three is stopped by hand, and the next `up` starts it again", async () => {
    const [first = ""] = await containers();
    await under("docker stop", () => must("stop", first));
    await under("started again", up);
    await settled(3);
  });

  it("from three instances to two, and when both are replaced", async () => {
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
    await replicas(3);
    await up();
    await under("3 → 1", async () => {
      await replicas(1);
      await up();
    });
    await settled(1);
  });

  it("when a gem is added in dev", async () => {
    await under("gem added", async () => {
      await clone.edit("services/rosi_user_service/Gemfile", (text) => `${text}gem "dalli", "~> 3.2"\n`);
      await up();
    });
    await settled(1);
  });

  it("when a new version never gets healthy: the old one serves, `up` says why, and the next good one converges", async () => {
    await under("never healthy", async () => {
      await variable("BROKEN", "yes", " readySeconds: 12,");
      await clone.edit(
        "services/rosi_user_service/config/application.rb",
        (text) => `raise "broken on purpose" if ENV["BROKEN"]\n${text}`,
      );
      const failed = await clone.pulumi("up", "--yes", "--skip-preview");
      assert.notEqual(failed.code, 0);
      assert.match(failed.output, /error: user runs, but was not in the load balancer within 12 s \(Consul: critical/);
      assert.match(failed.output, /broken on purpose/);
      assert.equal((await containers()).length, 2);
    });
    await under("the next good one", async () => {
      await variable("REVISION", "4");
      await up();
    });
    await settled(1);
  });

  it("when an `up` is killed in the middle: what it left is drained and removed by the next", async () => {
    await under("killed, and the next", async () => {
      await variable("REVISION", "5");
      const before = await containers();
      await clone.killUp(async () => (await containers()).length > before.length);
      await clone.mustPulumi("cancel", "--yes");
      await up();
    });
    await settled(1);
  });

  it("when an image is changed in qa", async () => {
    await clone.mustPulumi("stack", "init", "qa", "--no-select");
    const ports: Ports = await clone.useFreePorts("qa");
    await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    const qa = new Load(ports.http, mix);
    try {
      await clone.edit("services/rosi_user_service/config/routes.rb", (text) => `# another image\n${text}`);
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    } finally {
      await qa.stop();
    }
    const { sent, failed } = await qa.seen();
    table.push(`image changed in qa: ${String(Object.keys(failed).length)} failed of ${String(sent)}`);
    assert.deepEqual(failed, {}, `of ${String(sent)}`);
    await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
    await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa");
  });

  it("in flight, when the last instance of a service is taken down alone", async () => {
    await load?.stop();
    const flight = fetch(clone.url("http", "/user/slow"));
    await new Promise((resume) => setTimeout(resume, 300));
    const urn = (await clone.mustPulumi("stack", "--show-urns")).stdout
      .split("\n")
      .find((line) => line.endsWith("Container::user"));
    const target = urn?.trim().replace(/^.*URN: /, "") ?? "";
    await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--target", target, "--target-dependents");
    assert.equal(await (await flight).text(), "slow");
    await up();
  });

  it("and an instance is in the load balancer soon after it can answer, and out at once when its main process dies", async () => {
    await load?.stop();
    const known = new Set(await containers());
    await replicas(2);
    const upping = up();
    const fresh = await eventually(
      60,
      async () => (await containers()).find((id) => !known.has(id)),
      (id) => id !== undefined,
    );
    const address = await must(
      "inspect",
      "--format",
      "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
      fresh ?? "",
    );
    const ok = (url: string) =>
      fetch(url)
        .then((response) => response.text())
        .catch(() => "");
    await eventually(
      60,
      () => ok(`http://${address}:3000/health`),
      (text) => text.includes('"database":"ok"'),
    );
    const healthy = Date.now();
    await eventually(
      30,
      () => ok(clone.url("http", "/user/who")),
      (text) => fresh?.startsWith(text) === true && text !== "",
    );
    const routed = (Date.now() - healthy) / 1000;
    await upping;
    table.push(`first 200 → first answer through the load balancer: ${routed.toFixed(1)} s`);
    assert.ok(routed <= 3, `${String(routed)} s`);

    const times: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const id = (await containers())[0] ?? "";
      const name = (await must("inspect", "--format", "{{.Name}}", id)).slice(1);
      const services = () => fetch(clone.url("status", "/services")).then((response) => response.text());
      await eventually(60, services, (text) => text.includes(`:${name}:3000`));
      process.kill(Number(await must("inspect", "--format", "{{.State.Pid}}", id)), "SIGKILL");
      const killed = Date.now();
      await eventually(10, services, (text) => !text.includes(`:${name}:3000`));
      times.push((Date.now() - killed) / 1000);
    }
    const median = times.sort((a, b) => a - b)[5] ?? 0;
    table.push(
      `killed → out of nginx: median ${median.toFixed(2)} s of 10 (${times[0]?.toFixed(2) ?? ""} to ${times[9]?.toFixed(2) ?? ""})`,
    );
    assert.ok(median <= 0.5, String(median));
  });
});
