// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { Counter } from "./support/counter.ts";
import { type Crash, crashes, victims } from "./support/crashes.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { isLong } from "./support/random.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { reducedParts, withoutSuffix } from "./support/parts.ts";
import { kill, type Process, processesOf } from "./support/processes.ts";
import type { StartedCommand } from "./support/started-command.ts";
import { within } from "../support/limits.ts";

/** How often the next `up` had to do what, and how long it took. */
interface Seen {
  crashes: number;
  cancelled: number;
  removed: number;
  restarted: number;
  seconds: number[];
}

/** Enough to write rows, to be routed and to be replaced. */
const services = ["user", "keepwww"];

/** A chain: each begins with what the `up` after the one before it has made. All the while rows are written through `user`. */
describe("After a crash of an `up` or a `destroy`, the next `up` converges", () => {
  const { seed, chain } = crashes();
  let engine: OwnEngine;
  let clone: Clone;
  let counter: Counter | undefined;
  let changes = 0;
  /** By who was killed. */
  const table = new Map<string, Seen>();

  before(async () => {
    console.log(`      MIA_SEED=${String(seed)}`);
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.reduce(...services);
    // What `npm run up` keeps in the clone: plain pulumi finds it by the same variables.
    clone.env["PULUMI_BACKEND_URL"] = `file://${join(clone.folder, ".mia/state")}?metadata=skip`;
    clone.env["PULUMI_CONFIG_PASSPHRASE"] = "mia";
    await must("node", ["toolchain/mia.mjs", "up", "--yes", "--skip-preview"]);
    await clone.mustPulumi("stack", "select", "dev");
    counter = new Counter(clone.url("http", "/user/users"));
    await counter.goesOn();
  });

  after(async () => {
    await counter?.stop();
    if (counter !== undefined && table.size > 0) figuresOfLongRun("crash", rows(counter));
    processesOf(clone.home).forEach(kill);
    clone.remove();
    // It was started again: none for others any more.
    await OwnEngine.removeShared();
  });

  for (const crash of chain) {
    const { victim, command, from, when, by } = crash;
    const start = command === "destroy" ? "" : from === "nothing" ? " from nothing" : " of a change";
    const name = by === "npm" ? (command === "up" ? "npm run up" : "npm run down") : `pulumi ${command}`;
    it(`of \`${name}\`${start}: its ${victim} killed ${when}`, () => happens(crash));
  }

  it("and `npm run down -- --volumes` leaves nothing", async () => {
    await counter?.stop();
    await must("node", ["toolchain/mia.mjs", "down", "--volumes", "--yes"]);
    assert.deepEqual(await engine.remains(), []);
    // What Pulumi starts asks every five minutes whether the CLI is there still; until then it does nothing.
    const isStarted = (one: Process) => victims["language host"](one) || one.commandLine.includes("/pulumi-resource-");
    await eventually(
      isLong ? within.orphans : within.recovery,
      () => Promise.resolve(processesOf(clone.home).filter((one) => isLong || !isStarted(one))),
      (left) => left.length === 0,
    );
  });

  async function happens(crash: Crash): Promise<void> {
    await prepare(crash);
    const command = start(crash);
    const from = Date.now();
    const { at } = crash;
    const isThere = () => (typeof at === "number" ? Date.now() > from + at * 1000 : at.test(command.output));
    await eventually(within.command, () => Promise.resolve(command.hasEnded || isThere()), Boolean);
    // At random it may be faster; at a boundary it is not to be.
    assert.ok(typeof at === "number" || isThere(), command.output);
    await strike(crash, command);
    const code = await command.ended();
    await converges(crash, `(ended with ${String(code)})\n${command.output}`);
  }

  /** Brings the platform to where the command begins. */
  async function prepare({ from }: Crash): Promise<void> {
    if (from === "a change") await clone.editUser("REVISION", String(++changes));
    if (from !== "nothing") return;
    await must("node", ["toolchain/mia.mjs", "down", "--yes"]);
    const names = (await engine.must("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
    // Other files of the lane may have left the same images under the name of a registry of theirs.
    const prefix = process.env["MIA_IMAGES"] ?? "";
    const pulled = names.filter((image) => image.startsWith(`${prefix}mysql:`));
    assert.equal(pulled.length, 1, names.join(" "));
    await engine.must("rmi", ...pulled);
  }

  function start({ command, by }: Crash): StartedCommand {
    const quietly = ["--yes", "--skip-preview"];
    if (by === "npm") {
      return clone.start("node", ["toolchain/mia.mjs", command === "up" ? "up" : "down", ...quietly]);
    }
    return clone.start("pulumi", [command, ...(command === "up" ? [] : ["--exclude-protected"]), ...quietly]);
  }

  async function strike({ victim, at }: Crash, command: StartedCommand): Promise<void> {
    const isVictim = victims[victim];
    if (isVictim === undefined) {
      await engine.kill();
      // As a system would that supervises it.
      await engine.run();
      return;
    }
    const found = () => command.family().filter(isVictim);
    // At random it may not have been started yet, or have ended; at a boundary it may take a moment more.
    if (typeof at !== "number") {
      await eventually(within.recovery, () => Promise.resolve(command.hasEnded || found().length > 0), Boolean);
      assert.ok(!command.hasEnded, `there is no ${victim}:\n${command.output}`);
    }
    found().forEach(kill);
  }

  async function converges(crash: Crash, story: string): Promise<void> {
    const { victim, by } = crash;
    const kind = `${crash.command === "destroy" ? "destroy" : "up"}: its ${victim}`;
    const seen = table.get(kind) ?? { crashes: 0, cancelled: 0, removed: 0, restarted: 0, seconds: [] };
    table.set(kind, seen);
    seen.crashes++;
    const from = Date.now();
    let up = await next(by);
    if (by === "pulumi" && up.code !== 0 && victim === "CLI") {
      assert.match(up.output, /the stack is currently locked by 1 lock\(s\)[^]*pulumi cancel/, story);
      seen.cancelled++;
      await clone.mustPulumi("cancel", "--yes");
      up = await next(by);
    }
    assert.equal(up.code, 0, `${story}\nand then:\n${up.output}`);
    if (by === "npm") assert.doesNotMatch(up.output, /pending operations/);
    seen.seconds.push((Date.now() - from) / 1000);
    if (/had left|is not needed any more/.test(up.output)) seen.removed++;
    if (up.output.includes("starting it again")) seen.restarted++;
    // Of what was being made, plain Pulumi warns until it is told to forget it, as the README says.
    if (by === "pulumi" && up.output.includes("pending operations")) {
      await clone.mustPulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview");
    }
    await isWhole(`${story}\nand then:\n${up.output}`);
  }

  function next(by: Crash["by"]) {
    const quietly = ["--yes", "--skip-preview"];
    return by === "npm" ? clone.run("node", ["toolchain/mia.mjs", "up", ...quietly]) : clone.pulumi("up", ...quietly);
  }

  /** That all is there and answers, once, and nothing else; and that every row is. */
  async function isWhole(story: string): Promise<void> {
    const preview = await clone.pulumi("preview", "--expect-no-changes");
    assert.equal(preview.code, 0, `${preview.output}\n${story}`);
    assert.doesNotMatch(preview.output, /pending operations/, story);
    await counter?.goesOn();
    assert.deepEqual(await counter?.lost(engine), [], story);
    const unnamed = /^volume [0-9a-f]{64}$/;
    assert.deepEqual(
      (await engine.remains())
        .filter((what) => !unnamed.test(what))
        .map(withoutSuffix)
        .sort(),
      reducedParts(services)
        .map((part) => `container mia-dev-${part}`)
        .concat("network mia-dev")
        .concat(["consul-data", "data", "lb-run", "rubygems"].map((volume) => `volume mia-dev-${volume}`)),
      story,
    );
    const idle = await engine.must("volume", "ls", "--quiet", "--filter", "dangling=true");
    assert.equal(idle, "", story);
  }

  async function must(name: string, args: string[]): Promise<string> {
    const { code, output } = await clone.run(name, args);
    assert.equal(code, 0, output);
    return output;
  }

  function rows({ acknowledged, refused }: Counter): (string | number)[][] {
    const found = [...table].map(([kind, { crashes: count, cancelled, removed, restarted, seconds }]) => [
      kind,
      count,
      cancelled === 0 ? "–" : `\`pulumi cancel\` (${String(cancelled)})`,
      removed,
      restarted,
      `${Math.min(...seconds).toFixed(0)} to ${Math.max(...seconds).toFixed(0)} s`,
    ]);
    const written = `${String(acknowledged.length)} acknowledged, none lost; ${String(refused)} refused`;
    return [
      [
        "killed",
        "times",
        "had to be told",
        "something left was removed",
        "something was started again",
        "the next `up`",
      ],
      ...found,
      ["rows written meanwhile", written, "", "", "", ""],
    ];
  }
});
