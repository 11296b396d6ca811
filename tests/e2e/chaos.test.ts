// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createUser, found } from "../../acceptance/flow.ts";
import { Clone } from "./support/clone.ts";
import { Counter } from "./support/counter.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { type Kind, Load, uncachedSearch } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { reducedParts, services, parts } from "./support/parts.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { isLong } from "./support/random.ts";
import { cells, pass, troubles } from "./support/troubles.ts";
import { every, within } from "../support/limits.ts";

const kinds: Kind[] = [
  { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' },
  { method: "GET", path: "/keeplounge/", status: 200, words: "<title>Keep Lounge</title>" },
  { method: "GET", path: "/keepwww/", status: 200, words: "<title>Keep</title>" },
  ...(isLong ? [uncachedSearch] : []),
];
/** What runs, with what they use: in a plain run all services but the one that needs the search engine. */
const served = isLong ? services : ["user", "keeplounge", "keepwww"];

describe("The platform recovers by itself, without a change to be made", () => {
  const { seed, chain } = cells(isLong ? parts : reducedParts(served));
  let engine: OwnEngine;
  let clone: Clone;
  let load: Load | undefined;
  let counter: Counter | undefined;
  /** What was met, by part and trouble. */
  const met = new Map<string, Map<string, string>>();

  before(async () => {
    console.log(`      MIA_SEED=${String(seed)}`);
    engine = await OwnEngine.start();
    clone = await Clone.make({ dockerHost: engine.host });
    if (!isLong) await clone.reduce(...served);
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    if (isLong) {
      await createUser(clone.url("http", ""), "constant load");
      await found(clone.url("http", ""), "constant load", 30);
    }
    load = new Load(clone.ports.http, kinds, undefined, 2, 50);
    counter = new Counter(clone.url("http", "/user/users"));
    await counter.goesOn();
  });

  after(async () => {
    await Promise.all([load?.stop(), counter?.stop()]);
    if (met.size > 0) figuresOfLongRun("chaos", rows());
    clone.remove();
    await engine.remove();
  });

  /** A row for each part, a column for each trouble. */
  function rows(): string[][] {
    const all = [...new Set([...met.values()].flatMap((row) => [...row.keys()]))];
    return [
      ["part", ...all],
      ...[...met].map(([part, row]) => [part, ...all.map((trouble) => row.get(trouble) ?? "")]),
    ];
  }

  for (const { part, trouble } of chain) {
    it(`where ${part}: ${trouble}`, async () => {
      const happens = troubles[trouble];
      assert.ok(happens);
      await meets(part, trouble, async () => happens(engine, await engine.container(part)));
    });
  }

  itInLongSuite("where Consul's data is lost", async () => {
    await meets("consul", "its data lost", async () => {
      await engine.must("stop", "mia-dev-consul");
      await engine.empty("mia-dev-consul-data");
      await engine.must("start", "mia-dev-consul");
    });
  });

  it("where the engine's disk is full for 15 s, and what was acknowledged is stored", async () => {
    await meets("all", "disk full for 15 s", async () => {
      const makeRoom = engine.fillDisk();
      try {
        await pass(15);
      } finally {
        makeRoom();
      }
    });
  });

  /** Lets it happen, and waits until all is well for some seconds again. */
  async function meets(part: string, trouble: string, happen: () => Promise<void>): Promise<void> {
    assert.ok(load && counter);
    await load.seen();
    await happen();
    const again = await wellAgain(load, within.command);
    const { sent, failures, slowest } = await load.seen();
    const row = met.get(part) ?? new Map<string, string>();
    met.set(part, row);
    row.set(trouble, `${String(failures)} of ${String(sent)}; ${slowest.toFixed(1)} s; ${again.toFixed(1)} s`);
    await counter.goesOn();
    assert.deepEqual(await counter.lost(engine), []);
    await clone.mustPulumi("preview", "--expect-no-changes");
  }

  /** Answers with how many seconds from now it was until all was well, once it has been for longer than it takes to notice. */
  async function wellAgain(under: Load, seconds: number): Promise<number> {
    const from = Date.now();
    const calm = 6000;
    for (let bad = from; ;) {
      await pass(every.survey);
      if (!(await isWell())) bad = Date.now();
      bad = Math.max(bad, under.failedLast);
      if (Date.now() - bad > calm) return (bad - from) / 1000;
      if (Date.now() - from > seconds * 1000) {
        const { failed } = await under.seen();
        const status = await clone.run("node", ["toolchain/mia.mjs", "status"]);
        assert.fail(
          `not well within ${String(seconds)} s: ${JSON.stringify(failed)}\n${status.output}\n${await whyEnded()}`,
        );
      }
    }
  }

  /** What the engine says of the containers that have ended, and why it does not start them again. */
  async function whyEnded(): Promise<string> {
    const all = await engine.must("ps", "--all", "--quiet", "--filter", "status=exited");
    const ids = all.split("\n").filter((id) => id !== "");
    const said = readFileSync(join(engine.folder, "log"), "utf8").split("\n");
    return said.filter((line) => ids.some((id) => line.includes(id))).join("\n");
  }

  /** Whether every container is, and nginx has every service, which only those are whose check passes. */
  async function isWell(): Promise<boolean> {
    try {
      const answer = await fetch(clone.url("status", "/services"), { signal: AbortSignal.timeout(2000) });
      const loaded = (await answer.json()) as { name: string }[];
      return served.every((name) => loaded.some((one) => one.name === name)) && (await engine.isWell());
    } catch {
      return false;
    }
  }
});
