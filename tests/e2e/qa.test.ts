// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { nothingIsLeft } from "./support/nothing-left.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { reducedParts, withoutSuffix } from "./support/parts.ts";
import { processesOf } from "./support/processes.ts";
import { isLong } from "./support/random.ts";
import { lastLine, QaRun } from "./support/qa-run.ts";
import { within } from "../support/limits.ts";

/** The parts of the platform in the tests that are not about all parts. */
const fewer = reducedParts(["keepwww"]);

describe("`npm run qa`", () => {
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
  });

  after(async () => {
    QaRun.endAll();
    clone.remove();
    await engine.clear();
  });

  const qa = (...args: string[]) => QaRun.start(clone, args);

  /** The folder that the last line names has a log of every container that there was, and these files. */
  function logsAreKept(words: string, platform: string, running: readonly string[], ...more: string[]): void {
    const folder = /the logs are in (\S+);/.exec(words)?.[1] ?? assert.fail(words);
    const files = readdirSync(join(clone.folder, folder)).sort();
    for (const file of more) assert.ok(files.includes(file), `${file} is among ${files.join(", ")}`);
    const logs = files.filter((file) => !more.includes(file));
    const names = logs.map((file) => withoutSuffix(file.replace(/\.log$/, ""))).sort();
    const all = running.map((part) => `${platform}-${part}`);
    // Where an `up` failed there may be fewer.
    if (more.includes("acceptance.xml")) assert.deepEqual(names, all);
    else
      assert.deepEqual(
        names.filter((name) => !all.includes(name)),
        [],
      );
    const log = logs.find((file) => file.startsWith(`${platform}-consul`)) ?? assert.fail(files.join(", "));
    assert.match(readFileSync(join(clone.folder, folder, log), "utf8"), /^\d{4}-\d\d-\d\dT/);
  }

  it("brings the stack up, accepts it and takes it away; a second run at the same time is refused", async () => {
    const run = qa();
    await run.says("▶ up of stack qa");
    const second = await qa().ended();
    assert.equal(second.code, 1, second.output);
    assert.match(
      lastLine(second.output),
      /^✘ Stack qa is taken by a run that goes on, process \d+: wait for its end, or end it\.$/,
    );
    const { code, output } = await run.ended();
    assert.equal(code, 0, output);
    assert.match(
      lastLine(output),
      /^✔ Stack qa came up, passed \d+ tests and is gone again \(destroy [\d.]+ s, up [^,]+, acceptance [\d.]+ s, destroy [\d.]+ s; \.mia\/accept\/qa\.xml\)$/,
    );
    assert.match(output, /✔\S* is found in the catalog, by way of an event and the index/);
    const tests = testCases(readFileSync(join(clone.folder, ".mia/accept/qa.xml"), "utf8"));
    assert.equal(tests.length, Number(/passed (\d+) tests/.exec(lastLine(output))?.[1]));
    // A stack of all services has every test: itWhere leaves none out.
    assert.equal(tests.length, 14, tests.join("\n"));
    assert.ok(tests.includes("A user is found in the catalog, by way of an event and the index"), tests.join("\n"));
    await nothingIsLeft(clone, engine);
  });

  const test = "acceptance/zz.test.ts";

  async function accepting(text: string, ...args: string[]) {
    writeFileSync(join(clone.folder, test), text);
    const ended = await qa(...args).ended();
    rmSync(join(clone.folder, test));
    return ended;
  }

  describe("of a small platform", () => {
    before(() => clone.select("qa", "keepwww"));

    it("says where an image can't be built, and leaves nothing, nor a stack that it has made", async () => {
      await clone.edit("frontend/keep_www/Dockerfile", (text) => `${text}RUN exit 7\n`);
      const { code, output } = await qa("--stack", "pr-42").ended();
      await clone.git("checkout", "frontend/keep_www/Dockerfile");
      assert.equal(code, 2, output);
      assert.match(
        lastLine(output),
        /^✘ Up of stack pr-42 failed \(frontend\/keep_www\/ could not be built \(.*code: 7\)\); the logs are in \.mia\/qa\/pr-42\/[^;]+; nothing of stack pr-42 is left\.$/,
      );
      assert.doesNotMatch((await clone.mustPulumi("stack", "ls")).stdout, /pr-42/);
      await nothingIsLeft(clone, engine);
    });

    it("says which acceptance test fails, keeps logs and report, and leaves nothing", async () => {
      const { code, output } = await accepting(
        'describe("What fails", () => { it("does so <here> & now", () => { throw new Error("so it is"); }); });\n',
        "--junit",
        "report.xml",
      );
      assert.equal(code, 3, output);
      assert.match(
        lastLine(output),
        /^✘ 1 of \d+ acceptance tests of stack qa failed, first "What fails does so <here> & now": see above, and report\.xml; the logs are in \.mia\/qa\/qa\/[^;]+; nothing of stack qa is left\.$/,
      );
      logsAreKept(lastLine(output), "mia-qa", fewer, "up.log", "destroy.log", "acceptance.xml");
      const report = readFileSync(join(clone.folder, "report.xml"), "utf8");
      assert.match(report, /name="does so &#x3C;here&#x3E; &#x26; now"[^>]*><failure>so it is/);
      assert.ok(testCases(report).length > 5);
      rmSync(join(clone.folder, "report.xml"));
      await nothingIsLeft(clone, engine);
    });

    it("ends an acceptance suite that hangs for ever and hears no signal, with all that it started, and leaves nothing", async () => {
      const { code, output } = await accepting(
        `import { spawn } from "node:child_process";
        it("hangs", () => {
          spawn("sleep", ["98765"], { detached: true, stdio: "ignore" }).unref();
          for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        });\n`,
        "--timeout-seconds",
        "25",
      );
      assert.equal(code, 3, output);
      assert.match(
        lastLine(output),
        /^✘ The acceptance tests of stack qa did not end within 25 s: at "hangs" they were ended, with all that they had started \(more time: --timeout-seconds 50\); the logs are in \.mia\/qa\/qa\/[^;]+; nothing of stack qa is left\.$/,
      );
      logsAreKept(lastLine(output), "mia-qa", fewer, "up.log", "destroy.log", "acceptance.xml");
      assert.deepEqual(testCases(readFileSync(join(clone.folder, ".mia/accept/qa.xml"), "utf8")), ["hangs"]);
      await nothingIsLeft(clone, engine);
    });

    it("says where an `up` fails, and keeps every container's log", async () => {
      const catalogue = "platform/catalogue/frontends.ts";
      await clone.edit(catalogue, (text) => text.replace("keepwww: { ", "keepwww: { readySeconds: 8, "));
      rmSync(join(clone.folder, "frontend/keep_www/index.html"));
      const { code, output } = await qa("--stack", "pr-42").ended();
      await clone.git("checkout", catalogue, "frontend/keep_www/index.html");
      assert.equal(code, 2, output);
      assert.match(
        lastLine(output),
        /^✘ Up of stack pr-42 failed \(keepwww runs, but was not in the load balancer within 8 s \(.*\)\); the logs are in \.mia\/qa\/pr-42\/[^;]+; nothing of stack pr-42 is left\.$/,
      );
      logsAreKept(lastLine(output), "mia-pr-42", fewer, "up.log", "destroy.log");
      await nothingIsLeft(clone, engine);
    });

    for (const signal of isLong ? (["SIGTERM", "SIGKILL"] as const) : (["SIGTERM"] as const)) {
      it(`takes all away where npm alone hears ${signal}`, async () => {
        const run = qa();
        await run.says("docker:index:Container consul creating");
        run.signalNpm(signal);
        await run.ended();
        await eventually(
          within.start,
          () => Promise.resolve(processesOf(clone.home)),
          (left) => left.length === 0,
        );
        assert.equal(lastLine(run.output), "✘ Interrupted in the up; nothing of stack qa is left.");
        await nothingIsLeft(clone, engine);
      });
    }
  });

  it("refuses a stack whose data is to be kept, and what it can't be told, before anything is done", async () => {
    for (const [args, words] of [
      [
        ["--stack", "dev"],
        "✘ Pulumi.dev.yaml: mia:kind: got development, need qa, since `npm run qa` takes the stack away with all its data. Fix: npm run qa -- --stack qa",
      ],
      [
        ["--timeout-seconds", "soon"],
        '✘ --timeout-seconds: got "soon", need a whole number of seconds from 1 on, such as 300.',
      ],
      [
        ["--stack", "../x y"],
        '✘ --stack: got "../x y", need a stack\'s name of letters, digits, -, _ and dots, such as dev.',
      ],
    ] as const) {
      const { code, output } = await qa(...args).ended();
      assert.equal(code, 1, output);
      assert.equal(lastLine(output), words);
    }
    assert.equal(await clone.status(), "");
  });
});

/** The names of the tests in a JUnit report, which has to be well-formed. */
function testCases(xml: string): string[] {
  const open: string[] = [];
  for (const [, close, name = "", whole] of xml.matchAll(/<(\/?)([A-Za-z]+)(?:\s+[\w.:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close) assert.equal(open.pop(), name);
    else if (!whole) open.push(name);
  }
  assert.deepEqual(open, []);
  const cases = xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g);
  return [...cases].map(([, suite = "", name = ""]) => `${suite} ${name}`.trim());
}
