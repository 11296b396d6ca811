// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { type Ended, eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { lastLine } from "./support/qa-run.ts";
import { within } from "../support/limits.ts";

/** A program with the project's own machine, network and volume, and nothing that takes long. */
const program = `import { setTimeout as sleep } from "node:timers/promises";
import { DataVolume } from "./components/data-volume.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { Network } from "./components/network.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
const declared = stackEnvironment({});
const machine = new Machine("mia", { environment: declared, engine: await engineOf(declared) });
const environment = await machine.environment;
new Network("network", { environment, machine });
new DataVolume("data", { environment, machine });
await sleep(Number(process.env["SLOW"] ?? 0));
export const kind = environment.kind;
export const stackId = machine.stackId;
`;

describe("What was left behind", () => {
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    writeFileSync(join(clone.folder, "index.ts"), program);
    await clone.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-am", "test");
    // An image that needs no registry.
    await clone.run("sh", ["-c", "tar c --files-from /dev/null | docker import - nothing:1"]);
    for (const stack of ["qa", "dev"]) await clone.mustPulumi("stack", "init", "--no-select", stack);
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  const up = (stack: string) => clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", stack);
  const npm = (...args: string[]) => clone.run("npm", ["run", "--silent", ...args]);
  const reap = (...args: string[]) => npm("reap", "--", ...args);

  async function pullRequest(stack: string): Promise<void> {
    await clone.mustPulumi("stack", "init", "--no-select", "--copy-config-from", "qa", stack);
    const ports = await clone.useFreePorts(stack);
    assert.ok(ports.http > 0);
  }

  async function list(): Promise<{ name: string; resourceCount: number; lastUpdate?: string }[]> {
    const { stdout } = await clone.mustPulumi("stack", "ls", "--json");
    return JSON.parse(stdout) as { name: string; resourceCount: number; lastUpdate?: string }[];
  }

  async function stacks(): Promise<string[]> {
    const all = await list();
    return all.map(({ name, resourceCount }) => `${name} ${resourceCount > 0 ? "lives" : "is empty"}`).sort();
  }

  /** A container, on the stack's network, and a volume, as a killed `up` leaves them. */
  async function leave(stack: string): Promise<void> {
    const id = (await clone.mustPulumi("stack", "output", "stackId", "--stack", stack)).stdout.trim();
    const label = ["--label", `mia.stack=${id}`];
    await engine.must("create", ...label, "--network", `mia-${stack}`, "--name", `left-${stack}`, "nothing:1", "true");
    await engine.must("volume", "create", ...label, `left-${stack}`);
  }

  function says(ended: Ended, code: number, ...lines: (string | RegExp)[]): void {
    assert.equal(ended.code, code, ended.output);
    for (const line of lines) {
      const isThere = ended.output.split("\n").some((one) => (line instanceof RegExp ? line.test(one) : one === line));
      assert.ok(isThere, `${String(line)} is not in:\n${ended.output}`);
    }
  }

  it("by pull requests goes once it is old, with what no state knows; dev's and what is fresh stays", async () => {
    for (const stack of ["pr-1", "pr-2"]) await pullRequest(stack);
    await Promise.all(["dev", "qa", "pr-1"].map(up));
    const old = Date.now();
    // The steps between the old stacks and the fresh one take longer than the command takes to begin.
    for (const stack of ["dev", "pr-1"]) await leave(stack);
    for (const stack of ["pr-3", "pr-4"]) await pullRequest(stack);
    await up("pr-3");
    const seconds = Math.floor((Date.now() - old) / 1000);
    const before = await stacks();
    const dry = await reap("--older-than", `${String(seconds)}s`, "--dry-run");
    says(dry, 0, /^ {2}pr-1: goes: \d+ resources, its last update was 0 min ago$/, /^ {2}pr-2: goes: empty, /);
    says(dry, 0, "  dev: stays: its kind is development", /^ {2}pr-3: stays: its last update was/);
    assert.deepEqual(await stacks(), before);

    // pr-4 is made again, and by that is fresh.
    await clone.mustPulumi("stack", "rm", "--yes", "--stack", "pr-4", "--preserve-config");
    await clone.mustPulumi("stack", "init", "--no-select", "pr-4");
    const later = Math.floor((Date.now() - old) / 1000);
    const reaped = await reap("--older-than", `${String(later)}s`);
    says(reaped, 0, "✔ Taken away: pr-1, pr-2, qa.");
    assert.deepEqual(await stacks(), ["dev lives", "pr-3 lives", "pr-4 is empty", "qa is empty"]);
    assert.equal(existsSync(join(clone.folder, "Pulumi.pr-1.yaml")), false);
    assert.deepEqual((await engine.remains()).sort(), [
      "container left-dev",
      "network mia-dev",
      "network mia-pr-3",
      "volume left-dev",
      "volume mia-dev-data",
      "volume mia-pr-3-data",
    ]);
    says(await reap("--older-than", "8h"), 0, "✔ Taken away: none.");
  });

  it("by somebody's update that goes on is left alone, and what can't be taken away does not stop the rest", async () => {
    await pullRequest("pr-5");
    await pullRequest("pr-6");
    await up("pr-6");
    const { stdout } = await clone.mustPulumi("stack", "--show-urns", "--stack", "pr-6");
    const urn = /urn:\S+docker:index\/volume:Volume::data/.exec(stdout)?.[0] ?? assert.fail(stdout);
    await clone.mustPulumi("state", "protect", urn, "--yes", "--stack", "pr-6");
    const args = ["up", "--yes", "--skip-preview", "--stack", "pr-5"];
    const going = spawn("pulumi", args, { cwd: clone.folder, env: { ...clone.env, SLOW: "60000" }, stdio: "ignore" });
    try {
      await eventually(
        within.start,
        () => engine.remains(),
        (all) => all.includes("volume mia-pr-5-data"),
      );
      // Until the last resource is in the state, each write makes the stack newer than `--older-than 0s`.
      await eventually(within.start, list, (all) => {
        const [going, whole] = ["pr-5", "pr-6"].map((stack) => all.find(({ name }) => name === stack));
        const age = Date.now() - Date.parse(going?.lastUpdate ?? "");
        return going?.resourceCount === whole?.resourceCount && age > 1000;
      });
      const reaped = await reap("--older-than", "0s");
      says(reaped, 1, /^ {2}pr-5: .*currently locked/, /^✘ pr-6: resource .* because it is protected$/);
      assert.equal(lastLine(reaped.output), "✘ Could not be taken away: pr-6. Taken away: pr-3, pr-4.");
      assert.deepEqual(await stacks(), ["dev lives", "pr-5 lives", "pr-6 lives", "qa is empty"]);
      assert.ok((await engine.remains()).includes("network mia-pr-5"));
    } finally {
      const ended = once(going, "exit");
      going.kill("SIGINT");
      await ended;
    }
    await clone.mustPulumi("state", "unprotect", urn, "--yes", "--stack", "pr-6");
    says(await reap("--older-than", "0s"), 0, "✔ Taken away: pr-5, pr-6.");
    assert.equal(await clone.status(), "");
  });

  it("by a dev stack goes with `npm run down`, which keeps what the state knows", async () => {
    says(await npm("down"), 0, "  container left-dev is left, and no state knows it: it goes");
    assert.deepEqual(await engine.remains(), ["volume mia-dev-data"]);
    says(await npm("down", "--", "--volumes", "--yes"), 0);
    assert.deepEqual(await engine.remains(), []);
    assert.equal(await clone.status(), "");
  });

  it("is not asked for in words that can't be understood", async () => {
    for (const [args, words] of [
      [[], "✘ --older-than: got nothing, need a number with s, m, h or d, such as 30m, 8h or 2d."],
      [["--older-than", "8"], '✘ --older-than: got "8", need a number with s, m, h or d, such as 30m, 8h or 2d.'],
    ] as const) {
      const { code, output } = await reap(...args);
      assert.equal(code, 1, output);
      assert.equal(output.trim(), words);
    }
  });
});
