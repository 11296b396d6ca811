// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { type Victim, victims } from "./support/crashes.ts";
import { type Interruption, interruptions } from "./support/interruptions.ts";
import { nothingIsLeft } from "./support/nothing-left.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { kill, processesOf } from "./support/processes.ts";
import { isLong } from "./support/random.ts";
import { lastLine, QaRun } from "./support/qa-run.ts";
import { hung, within } from "../support/limits.ts";
import { pause } from "../support/pause.ts";

/** A chain: each run begins with what the one before it has left, and is interrupted itself; the last one is not. */
describe("`npm run qa` that is interrupted or killed", function () {
  this.timeout(hung.chain * 1000);
  const { seed, chain, ownState } = interruptions();
  let engine: OwnEngine;
  let clone: Clone;
  /** The clone's own state, or a folder of the user's. */
  const env = ownState ? { PULUMI_BACKEND_URL: undefined, PULUMI_CONFIG_PASSPHRASE: undefined } : {};

  before(async () => {
    console.log(`      MIA_SEED=${String(seed)}${ownState ? ", the clone's own state" : ""}`);
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    if (!isLong) await clone.reduce("user");
  });

  after(async () => {
    QaRun.endAll();
    clone.remove();
    // It may have been started again: none for others any more.
    await OwnEngine.removeShared();
  });

  for (const { by, stage, seconds } of chain) {
    const how = by in victims ? `since its ${by} is killed` : `by ${by}`;
    it(`${how} ${seconds.toFixed(1)} s after the beginning of: ${stage}`, () => interrupt({ by, stage, seconds }));
  }

  it("leaves the next one a clean start, and that one nothing", async () => {
    const last = QaRun.start(clone, [], env);
    await startsClean(last);
    const { code, output } = await last.ended();
    assert.equal(code, 0, output);
    const state = `file://${join(clone.folder, ".mia/state")}?metadata=skip`;
    const own = { PULUMI_BACKEND_URL: state, PULUMI_CONFIG_PASSPHRASE: "mia" };
    await nothingIsLeft(clone, engine, ownState ? own : {});
  });

  async function startsClean(run: QaRun): Promise<void> {
    await run.says("▶ up of stack qa");
    assert.deepEqual(await engine.remains(), [], run.output);
  }

  async function interrupt({ by, stage, seconds }: Interruption): Promise<void> {
    const run = QaRun.start(clone, [], env);
    await startsClean(run);
    await run.says(`▶ ${stage} of stack qa`);
    await Promise.race([run.ended(), pause(seconds)]);
    if (by !== "SIGINT" && by !== "SIGKILL") return loses(run, by);
    if (!run.signal(by)) return; // it was faster
    if (by === "SIGINT") run.signal(by);
    const { code, output } = await run.ended();
    if (by === "SIGKILL") return;
    assert.equal(code, 130, output);
    assert.match(lastLine(output), /^✘ Interrupted in the \w+; nothing of stack qa is left\.$/);
    assert.deepEqual(await engine.remains(), []);
    assert.deepEqual(processesOf(clone.home), []);
  }

  /** One that loses whom it needs says so, and takes away what it can: all of it, unless that is what failed. */
  async function loses(run: QaRun, by: Victim): Promise<void> {
    const isVictim = victims[by];
    if (isVictim === undefined) {
      await engine.kill();
      await engine.run();
    } else {
      const find = () => Promise.resolve(run.family().filter(isVictim));
      const found = await eventually(within.start, find, (those) => those.length > 0 || run.hasEnded);
      found.forEach(kill);
    }
    const { code, output } = await run.ended();
    const last = lastLine(output);
    // What it needed no more may be killed.
    if (code === 0) return;
    assert.ok(code === 2 || code === 3 || code === 4, output);
    assert.match(
      last,
      /^✘ .+; the logs are in \S+; (nothing of stack qa is left|the next `npm run qa` takes away what is left)\.$/,
    );
    if (by !== "engine" && code === 2) assert.match(last, /; nothing of stack qa is left\.$/, output);
    if (last.endsWith("nothing of stack qa is left.")) assert.deepEqual(await engine.remains(), [], output);
    assert.deepEqual(processesOf(clone.home), [], output);
  }
});
