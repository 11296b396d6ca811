import assert from "node:assert/strict";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { type Interruption, interruptions } from "./support/interruptions.ts";
import { nothingIsLeft } from "./support/nothing-left.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { processesOf } from "./support/processes.ts";
import { lastLine, QaRun } from "./support/qa-run.ts";

/** A chain: each run begins with what the one before it has left, and is interrupted itself; the last one is not. */
describe("`npm run qa` that is interrupted or killed", function () {
  this.timeout(1_800_000);
  const { seed, chain, ownState } = interruptions();
  let engine: OwnEngine;
  let clone: Clone;
  /** The clone's own state, or a folder of the user's. */
  const env = ownState ? { PULUMI_BACKEND_URL: undefined, PULUMI_CONFIG_PASSPHRASE: undefined } : {};

  before(async () => {
    console.log(`      MIA_SEED=${String(seed)}${ownState ? ", the clone's own state" : ""}`);
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
  });

  after(async () => {
    QaRun.endAll();
    clone.remove();
    await engine.clear();
  });

  for (const { signal, stage, seconds } of chain) {
    it(`by ${signal} ${seconds.toFixed(1)} s after the beginning of: ${stage}`, () =>
      interrupt({ signal, stage, seconds }));
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

  async function interrupt({ signal, stage, seconds }: Interruption): Promise<void> {
    const run = QaRun.start(clone, [], env);
    await startsClean(run);
    await run.says(`▶ ${stage} of stack qa`);
    await Promise.race([run.ended(), new Promise((resume) => setTimeout(resume, seconds * 1000))]);
    if (!run.signal(signal)) return; // it was faster
    if (signal === "SIGINT") run.signal(signal);
    const { code, output } = await run.ended();
    if (signal === "SIGKILL") return;
    assert.equal(code, 130, output);
    assert.match(lastLine(output), /^✘ Interrupted in the \w+; nothing of stack qa is left\.$/);
    assert.deepEqual(await engine.remains(), []);
    assert.deepEqual(processesOf(clone.home), []);
  }
});
