import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { parts, withoutSuffix } from "./support/parts.ts";
import { processesOf } from "./support/processes.ts";
import { lastLine, QaRun } from "./support/qa-run.ts";
import { type Interruption, interruptions } from "./support/interruptions.ts";

describe("`npm run qa`", function () {
  this.timeout(600_000);
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

  /** Nothing on the engine, in the state, in the clone or among the processes; git sees nothing either. */
  async function nothingIsLeft(env: NodeJS.ProcessEnv = {}): Promise<void> {
    assert.deepEqual(await engine.remains(), []);
    const { stdout } = await clone.run("pulumi", ["stack", "export", "--stack", "qa"], env);
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources?: object[]; pending_operations?: object[] };
    };
    assert.deepEqual([deployment.resources ?? [], deployment.pending_operations ?? []], [[], []]);
    assert.deepEqual(filesBelow(env["PULUMI_BACKEND_URL"] ?? join(clone.home, "state")).filter(isLock), []);
    assert.deepEqual(
      filesBelow(join(clone.folder, ".mia/qa")).filter((file) => file.endsWith(".json")),
      [],
    );
    assert.deepEqual(processesOf(clone.home), []);
    assert.equal(await clone.status(), "");
  }

  /** The folder that the last line names has a log of every container, and these files. */
  function logsAreKept(words: string, ...more: string[]): void {
    const folder = /every container's log is in (\S+);/.exec(words)?.[1] ?? assert.fail(words);
    const files = readdirSync(join(clone.folder, folder)).sort();
    for (const file of more) assert.ok(files.includes(file), `${file} is among ${files.join(", ")}`);
    const names = files.filter((file) => !more.includes(file)).map((file) => withoutSuffix(file.replace(/\.log$/, "")));
    const services = more.includes("acceptance.xml") ? parts : parts.filter((part) => names.includes(`mia-qa-${part}`));
    assert.deepEqual(names.sort(), services.map((part) => `mia-qa-${part}`).sort());
    assert.ok(names.includes("mia-qa-db"));
    const log = files.find((file) => file.startsWith("mia-qa-db")) ?? "";
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
    assert.match(output, /✔ is found in the catalog, by way of an event and the index/);
    const tests = testCases(readFileSync(join(clone.folder, ".mia/accept/qa.xml"), "utf8"));
    assert.equal(tests.length, Number(/passed (\d+) tests/.exec(lastLine(output))?.[1]));
    assert.ok(tests.includes("A user is found in the catalog, by way of an event and the index"), tests.join("\n"));
    await nothingIsLeft();
  });

  it("says where an `up` fails, keeps every container's log and leaves nothing", async () => {
    await clone.edit("frontend/keep_www/Dockerfile", (text) => `${text}RUN exit 7\n`);
    const { code, output } = await qa().ended();
    await clone.git("checkout", "frontend/keep_www/Dockerfile");
    assert.equal(code, 2, output);
    assert.match(
      lastLine(output),
      /^✘ Up of stack qa failed \(frontend\/keep_www\/ could not be built \(.*code: 7\)\); every container's log is in \.mia\/qa\/qa\/[^;]+; nothing of stack qa is left\.$/,
    );
    logsAreKept(lastLine(output), "up.log", "destroy.log");
    await nothingIsLeft();
  });

  describe("where the acceptance suite", () => {
    const test = "acceptance/zz.test.ts";

    async function accepting(text: string, ...args: string[]) {
      writeFileSync(join(clone.folder, test), text);
      const ended = await qa(...args).ended();
      rmSync(join(clone.folder, test));
      return ended;
    }

    it("fails, says which test did, keeps logs and report, and leaves nothing", async () => {
      const { code, output } = await accepting(
        'describe("What fails", () => { it("does so <here> & now", () => { throw new Error("so it is"); }); });\n',
        "--junit",
        "report.xml",
      );
      assert.equal(code, 3, output);
      assert.match(
        lastLine(output),
        /^✘ 1 of \d+ acceptance tests of stack qa failed, first "What fails does so <here> & now": see above, and report\.xml; every container's log is in \.mia\/qa\/qa\/[^;]+; nothing of stack qa is left\.$/,
      );
      logsAreKept(lastLine(output), "up.log", "destroy.log", "acceptance.xml");
      const report = readFileSync(join(clone.folder, "report.xml"), "utf8");
      assert.match(report, /name="does so &lt;here&gt; &amp; now"[^>]*><failure>so it is/);
      assert.ok(testCases(report).length > 5);
      rmSync(join(clone.folder, "report.xml"));
      await nothingIsLeft();
    });

    it("hangs for ever and hears no signal, ends it in time with all that it started, and leaves nothing", async () => {
      const { code, output } = await accepting(
        `import { spawn } from "node:child_process";
        it("hangs", () => {
          spawn("sleep", ["98765"], { detached: true, stdio: "ignore" }).unref();
          for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
          for (;;);
        });\n`,
        "--timeout-seconds",
        "25",
      );
      assert.equal(code, 3, output);
      assert.match(
        lastLine(output),
        /^✘ The acceptance tests of stack qa did not end within 25 s: at "hangs" they were ended, with all that they had started \(more time: --timeout-seconds 50\); every container's log is in \.mia\/qa\/qa\/[^;]+; nothing of stack qa is left\.$/,
      );
      logsAreKept(lastLine(output), "up.log", "destroy.log", "acceptance.xml");
      assert.deepEqual(testCases(readFileSync(join(clone.folder, ".mia/accept/qa.xml"), "utf8")), ["hangs"]);
      await nothingIsLeft();
    });
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
      [["--stack", "../x y"], '✘ --stack: got "../x y", need a stack\'s name of letters, digits, -, _ and dots.'],
    ] as const) {
      const { code, output } = await qa(...args).ended();
      assert.equal(code, 1, output);
      assert.equal(lastLine(output), words);
    }
    assert.equal(await clone.status(), "");
  });

  it("that is interrupted or killed leaves a next run that starts clean, and nothing after that", async function () {
    this.timeout(1_800_000);
    const { seed, chain, ownState } = interruptions();
    console.log(`      MIA_SEED=${String(seed)}${ownState ? ", the clone's own state" : ""}`);
    // The clone's own state, or a folder of the user's.
    const env = ownState ? { PULUMI_BACKEND_URL: undefined, PULUMI_CONFIG_PASSPHRASE: undefined } : {};
    for (const one of chain) await interrupt(one, env);
    const last = QaRun.start(clone, [], env);
    await startsClean(last);
    const { code, output } = await last.ended();
    assert.equal(code, 0, output);
    const state = join(clone.folder, ".mia/state");
    await nothingIsLeft(
      ownState ? { PULUMI_BACKEND_URL: `file://${state}?metadata=skip`, PULUMI_CONFIG_PASSPHRASE: "mia" } : {},
    );
  });

  async function startsClean(run: QaRun): Promise<void> {
    await run.says("▶ up of stack qa");
    assert.deepEqual(await engine.remains(), [], run.output);
  }

  async function interrupt({ signal, stage, seconds }: Interruption, env: NodeJS.ProcessEnv): Promise<void> {
    const run = QaRun.start(clone, [], env);
    await startsClean(run);
    await run.says(`▶ ${stage} of stack qa`);
    await Promise.race([run.ended(), new Promise((resume) => setTimeout(resume, seconds * 1000))]);
    console.log(`      ${signal} ${seconds.toFixed(1)} s after the beginning of: ${stage}`);
    if (!run.signal(signal)) return; // it was faster
    if (signal === "SIGINT") run.signal(signal);
    const { code, output } = await run.ended();
    if (signal === "SIGKILL") return;
    assert.equal(code, 130, output);
    assert.match(lastLine(output), /^✘ Interrupted in the \w+; nothing of stack qa is left\.$/);
    assert.deepEqual(await engine.remains(), []);
    await eventually(
      5,
      () => Promise.resolve(processesOf(clone.home)),
      (left) => left.length === 0,
    );
  }
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

function filesBelow(folder: string): string[] {
  const path = folder.replace(/^file:\/\/|\?.*$/g, "");
  return existsSync(path) ? readdirSync(path, { recursive: true }).map(String) : [];
}

function isLock(file: string): boolean {
  return /locks\/.*\.json$/.test(file);
}
