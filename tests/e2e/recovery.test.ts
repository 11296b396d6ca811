// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { createUser } from "../../acceptance/flow.ts";
import { within } from "../support/limits.ts";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { isLong } from "./support/random.ts";
import { allPartsWell, recoversFromKill, statusOf } from "./support/recovery.ts";

describe("The platform after trouble", () => {
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    // All parts start within these bounds where nothing runs beside them: in the long suite.
    if (!isLong) await clone.reduce("keepwww", "user");
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    await createUser(clone.url("http", ""), "first");
  });

  after(async () => {
    clone.remove();
    // Its process was started again: the next file gets another one.
    await OwnEngine.removeShared();
  });

  const must = async (...args: string[]) => engine.must(...args);

  const allWell = (seconds: number) => allPartsWell(engine, clone, seconds);
  const status = () => statusOf(clone);

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

  // One of each kind; the long suite kills all of them.
  for (const part of ["user", "db", "lb"]) {
    it(`${part} is back and passing within 30 s of its main process being killed`, () =>
      recoversFromKill(engine, clone, part));
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

  for (const end of isLong ? ["kill", "stop"] : ["stop"]) {
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
      // At its start an `up` looks whether all run; it has when the gate waits for what nginx has not loaded.
      const up = clone.start("pulumi", ["up", "--yes", "--skip-preview"]);
      const isWaiting = () => Promise.resolve(up.output.includes("not in the load balancer yet"));
      await eventually(within.start, isWaiting, Boolean);
      assert.equal(await must("inspect", "--format", "{{.State.Status}}", container), "running");
      client.destroy();
      assert.equal(await up.ended(), 0, up.output);
      assert.match(up.output, /keepwww is stopped \(it ended with code 0\): starting it again/);
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
