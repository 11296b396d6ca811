import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duration, plainName, wholeSeconds } from "../../toolchain/arguments.mjs";
import { takeLease } from "../../toolchain/lease.mjs";
import { complaint, ownerOf } from "../../toolchain/remains.mjs";
import { codes, verdict } from "../../toolchain/verdict.mjs";

describe("What our commands are asked for", () => {
  it("is a length of time with its unit", () => {
    assert.equal(duration("--older-than", "30m"), 1_800_000);
    assert.equal(duration("--older-than", "8h"), 28_800_000);
    assert.equal(duration("--older-than", "2d"), 172_800_000);
    for (const wrong of ["8", "h", "8 h", "-8h", "8.5h", "08h", "8w", "", undefined]) {
      assert.throws(() => duration("--older-than", wrong), {
        message: `--older-than: got ${wrong === undefined ? "nothing" : JSON.stringify(wrong)}, need a number with s, m, h or d, such as 30m, 8h or 2d.`,
      });
    }
  });

  it("is a number of seconds", () => {
    assert.equal(wholeSeconds("--timeout-seconds", "300"), 300);
    for (const wrong of ["0", "1.5", "5m", ""]) assert.throws(() => wholeSeconds("--timeout-seconds", wrong), /need a/);
  });

  it("is a stack, whose name is fit to be a file's", () => {
    assert.equal(plainName("acme/mia/pr-42"), "pr-42");
    for (const wrong of ["..", "a b", "", "acme/"]) assert.throws(() => plainName(wrong), /need a stack's name/);
  });
});

describe("A QA run", () => {
  const kept = { report: "qa.xml", folder: "logs", stack: "qa", passed: 12, times: ["up 41.0 s"] };

  it("ends with what went wrong first, and with all of it in one sentence", () => {
    assert.deepEqual(verdict({ ...kept, failures: [], gone: true }), {
      code: 0,
      words: "✔ Stack qa came up, passed 12 tests and is gone again (up 41.0 s; qa.xml)",
    });
    const failures = [
      { stage: "up", words: "up failed (so it is)." },
      { stage: "destroy", words: "destroy failed (so it is)" },
    ];
    assert.deepEqual(verdict({ ...kept, failures, gone: false }), {
      code: 2,
      words:
        "✘ Up failed (so it is); then destroy failed (so it is); the logs are in logs; the next `npm run qa` takes away what is left.",
    });
    assert.deepEqual(
      verdict({ ...kept, failures: [{ stage: "interrupted", words: "interrupted in the up" }], gone: true }),
      { code: 130, words: "✘ Interrupted in the up; nothing of stack qa is left." },
    );
  });

  it("has a code for each stage", () => {
    assert.deepEqual(codes, { "set-up": 1, up: 2, acceptance: 3, destroy: 4, interrupted: 130 });
  });
});

describe("A lease of a stack", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mia-lease-"))));
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is had by one run at a time, and given back", async () => {
    const lease = await takeLease("qa", folder);
    await assert.rejects(takeLease("qa", folder), {
      message: `Stack qa is taken by a run that goes on, process ${String(process.pid)}: wait for its end, or end it.`,
    });
    (await takeLease("pr-1", folder)).release();
    lease.release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it("takes over what those that were killed have noted", async () => {
    const gone = String(spawnSync("true").pid);
    const address = { DOCKER_HOST: "unix:///a.sock" };
    for (const [number, id] of [
      [1, "a"],
      [2, "b"],
    ] as const) {
      const owner = { ids: [id], engineId: "e", address };
      const record = { pid: gone, started: "1", mark: `mark ${id}`, updating: false, made: number === 1, owner };
      writeFileSync(join(folder, `qa.${String(number)}.json`), JSON.stringify(record));
    }
    const lease = await takeLease("qa", folder);
    assert.deepEqual(
      (lease.left as { mark: string }[]).map(({ mark }) => mark),
      ["mark a", "mark b"],
    );
    assert.deepEqual([lease.made, lease.owner], [true, { ids: ["a", "b"], engineId: "e", address }]);
    lease.note({ owner: { ids: ["c"], engineId: "f", address } });
    assert.deepEqual((lease.owner as { ids: string[] }).ids, ["a", "b", "c"]);
    lease.release({ nothingDone: true });
    assert.deepEqual(readdirSync(folder).sort(), ["qa.1.json", "qa.2.json"]);
  });
});

describe("What a state knows", () => {
  it("is whose things a stack's are, and on which engine", () => {
    const uuid = {
      type: "random:index/randomUuid:RandomUuid",
      urn: "urn:pulumi:qa::mia::mia:platform:Machine$random:index/randomUuid:RandomUuid::mia-engine",
      outputs: { result: "a", keepers: { engineId: "e", host: "unix:///a.sock" } },
    };
    const machine = {
      type: "mia:platform:Machine",
      urn: "urn:pulumi:qa::mia::mia:platform:Machine::mia",
      outputs: { address: { DOCKER_CONTEXT: "far" } },
    };
    const owner = { ids: ["a"], engineId: "e", address: { DOCKER_HOST: "unix:///a.sock" }, goesWithMachine: false };
    assert.deepEqual(ownerOf({ resources: [uuid] }), owner);
    const { address } = machine.outputs;
    assert.deepEqual(ownerOf({ resources: [uuid, machine] }), { ...owner, address });
    const container = { type: "docker:index/container:Container", urn: "urn:…::lb", deletedWith: "urn:…::mia-machine" };
    assert.deepEqual(ownerOf({ resources: [uuid, container] }), { ...owner, goesWithMachine: true });
    assert.deepEqual(ownerOf(undefined), { ids: [] });
  });

  it("and what Pulumi complains about, is one line", () => {
    const said =
      "Diagnostics:\n  x:\n    error: a could not be built (7). Its last lines:\n    Step 1\n  error: update failed\n";
    assert.equal(complaint(said), "a could not be built (7)");
    assert.equal(complaint("error: update failed\nerror: deleting urn:\n  * no\n"), "deleting urn: * no");
    assert.equal(complaint("\nsomething else\n\n"), "something else");
  });
});
