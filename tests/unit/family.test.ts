import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFamily, startOf } from "../../toolchain/family.mjs";

/** Hears no signal, never lets go, and has started one in a session of its own that has dropped the mark. */
const stubborn = `
  const child = require("child_process").spawn("sleep", ["1000"], { detached: true, env: {}, stdio: "ignore" });
  require("fs").writeFileSync(process.argv[1], String(child.pid));
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  for (;;);`;

describe("A command with all that it starts", () => {
  const { env } = process;
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mia-family-"))));
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is ended in time, however it hangs, and what runs next under the same mark is not", async () => {
    const mark = randomUUID();
    const file = join(folder, "pid");
    const { late } = await runFamily("node", ["-e", stubborn, file], { env, mark, seconds: 3 });
    assert.equal(late, true);
    assert.equal(await startOf(Number(readFileSync(file, "utf8"))), undefined);
    const { code } = await runFamily("sleep", ["0.5"], { env, mark });
    assert.equal(code, 0);
  });

  it("gets one SIGINT when it is interrupted, and some time to end in good order", async () => {
    const controller = new AbortController();
    const script = 'trap "echo in good order; exit 3" INT; echo begun; while :; do sleep 0.05; done';
    const log = join(folder, "log");
    const run = runFamily("sh", ["-c", script], { env, mark: randomUUID(), log, signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 500);
    const { code, killed } = await run;
    assert.deepEqual([code, killed], [3, false]);
    assert.equal(readFileSync(log, "utf8"), "begun\nin good order\n");
  });

  it("that somebody else kills is told from one that ends by itself, and its output says by what", async () => {
    const options = { env, mark: randomUUID(), log: join(folder, "log") };
    const { code, killed, output } = await runFamily("sh", ["-c", "echo begun; kill -9 $$"], options);
    assert.deepEqual([code, killed, output], [128, true, "begun\n\nerror: sh was ended by SIGKILL\n"]);
  });
});
