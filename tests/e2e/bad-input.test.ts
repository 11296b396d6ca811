// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { some } from "./support/random.ts";

const corpus = join(import.meta.dirname, "../corpus");
const microservices = "platform/catalogue/microservices.ts";

/** How each of tests/corpus/stack ends. What is no YAML at all is ours to say, what has another type than Pulumi.yaml says Pulumi's. */
const stackFiles: Readonly<Record<string, string>> = {
  "binary.yaml": "control characters are not allowed",
  "config-is-a-list.yaml":
    "✘ Pulumi.dev.yaml: got a list, need the key config, and below it mia:kind and others. Fix: correct it",
  "config-is-a-word.yaml":
    "✘ Pulumi.dev.yaml: got a string, need the key config, and below it mia:kind and others. Fix: correct it",
  "huge-number.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:httpPort' must be of type 'integer'",
  "infinity.yaml": "unsupported value: +Inf",
  "key-twice.yaml": "✘ Pulumi.dev.yaml:3: got what is no YAML (Map keys must be unique). Fix: correct it",
  "list-for-a-number.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:httpPort' must be of type 'integer'",
  "list.yaml": "✘ Pulumi.dev.yaml: got a list, need the key config, and below it mia:kind and others. Fix: correct it",
  "many-aliases.yaml":
    "✘ Pulumi.dev.yaml: got what can't be read (Excessive alias count indicates a resource exhaustion attack). Fix: correct it",
  "merge-conflict.yaml":
    "✘ Pulumi.dev.yaml:1: got what is no YAML (Implicit keys need to be on a single line). Fix: correct it",
  "no-value.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:httpPort' must be of type 'integer'",
  "object-for-a-word.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:kind' must be of type 'string'",
  "salt-of-another-passphrase.yaml":
    "✘ Pulumi.dev.yaml still holds the salt of the documented passphrase, which is for the clone's own state only",
  "salt-of-nothing.yaml": "malformed state value",
  "secret-without-salt.yaml": "error: validating stack config: bad value: nonce size is incorrect",
  "secrets.yaml":
    "Pulumi.dev.yaml: mia:images: got something else, which may be a secret, need a registry and path that ends with a slash, or nothing. Fix: pulumi config set mia:images registry.example/mirror/",
  "several-problems.yaml": "Pulumi.dev.yaml: mia:color: got a key that does not exist. Fix: pulumi config rm mia:color",
  "tabs.yaml": "✘ Pulumi.dev.yaml:2: got what is no YAML (Tabs are not allowed as indentation). Fix: correct it",
  "text.yaml":
    "✘ Pulumi.dev.yaml: got a string, need the key config, and below it mia:kind and others. Fix: correct it",
  "unclosed-brace.yaml":
    "✘ Pulumi.dev.yaml:4: got what is no YAML (Flow map in block collection must be sufficiently indented and end with a }). Fix: correct it",
  "unclosed-quote.yaml": '✘ Pulumi.dev.yaml:4: got what is no YAML (Missing closing "quote). Fix: correct it',
  "unknown-anchor.yaml":
    "✘ Pulumi.dev.yaml: got what can't be read (Unresolved alias (the anchor must be set before the alias): nothing). Fix: correct it",
  "word-for-a-number.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:httpPort' must be of type 'integer'",
  "word-for-an-object.yaml":
    "error: validating stack config: Stack 'dev' with configuration key 'mia:machine' must be of type 'object'",
};

/** How some of tests/corpus/catalogue end by Pulumi alone; the unit tests have all of them. */
const catalogues: Readonly<Record<string, string>> = {
  "no-comma.txt":
    "error: platform/catalogue/microservices.ts:5: got what can't be read (Expected ',', got 'ident'). Fix: correct it; `npm run check` shows it in its place",
  "unknown-name.txt":
    "error: platform/catalogue/microservices.ts:5: got an error (everythng is not defined). Fix: correct it; `npm run check` shows it in its place",
  "nothing-exported.txt":
    "(The requested module './platform/catalogue/microservices.ts' does not provide an export named 'microservices')",
  "wrong-types.txt": 'catalog.memoryMib: got "512", need 6..1048576 (MiB). Fix: correct it',
  "no-folder.txt":
    "error: platform/catalogue: order.source: got services/rosi_order_service, need a folder with a Dockerfile. Fix: correct the path, or make it.",
};

const usage = {
  logs: "npm run logs -- [--stack NAME] [--tail N] [--no-follow] [PART ...]",
  accept: "npm run accept -- [--stack NAME] [--junit FILE] [--timeout-seconds N]",
  qa: "npm run qa -- [--stack NAME [--registry ADDRESS]] [--junit FILE] [--timeout-seconds N]",
  reap: "npm run reap -- --older-than 30m|8h|2d [--dry-run]",
};
const noName = (got: string) =>
  `✘ --stack: got ${got}, need a stack's name of letters, digits, -, _ and dots, such as dev.`;
const nothing = (stack: string) => `✘ Nothing of stack ${stack} runs: npm run up -- --stack ${stack}`;

/** Command lines of every script, and their last line. */
const commandLines: readonly (readonly [string, string])[] = [
  ["up -- --stack", noName("nothing")],
  ["up -- --stack ../x", noName('"../x"')],
  ["up --stack qa", '✘ npm run up: got "qa", need options, after --, such as npm run up -- --stack qa.'],
  ["up -- --nonsense", "error: unknown flag: --nonsense"],
  ["preview -- 'a b'", '✘ npm run preview: got "a b", need options, after --, such as npm run preview -- --stack qa.'],
  ["preview -- -s=", noName('""')],
  ["deploy", "✘ Usage: npm run deploy -- SERVICE [VERSION] [--stack NAME]"],
  ["deploy -- nobody", nothing("qa")],
  [
    "deploy -- user latest",
    '✘ VERSION: got "latest", need an image\'s tag, 12 digits of 0-9 and a-f, such as 25833409863c.',
  ],
  ["rollback", "✘ Usage: npm run rollback -- SERVICE [--stack NAME]"],
  [
    "rollback -- user --stack",
    "✘ Option '-s, --stack <value>' argument missing. Usage: npm run rollback -- SERVICE [--stack NAME]",
  ],
  ["qa -- --stack nope --junit", `✘ Option '--junit <value>' argument missing. Usage: ${usage.qa}`],
  [
    "qa -- --stack dev",
    "✘ Pulumi.dev.yaml: mia:kind: got development, need qa, since `npm run qa` takes the stack away with all its data. Fix: npm run qa -- --stack qa",
  ],
  ["qa -- --stack 'a b'", noName('"a b"')],
  [
    "qa -- --timeout-seconds soon",
    '✘ --timeout-seconds: got "soon", need a whole number of seconds from 1 on, such as 300.',
  ],
  ["logs -- nobody", nothing("dev")],
  ["logs -- --tail many", '✘ --tail: got "many", need a number of lines, such as 100, or all.'],
  ["logs -- --nonsense", `✘ Unknown option '--nonsense'. Usage: ${usage.logs}`],
  ["accept", nothing("dev")],
  ["accept -- --stack nope", nothing("nope")],
  ["accept -- --timeout-seconds -1", `✘ Option '--timeout-seconds' argument is ambiguous. Usage: ${usage.accept}`],
  ["accept -- surplus", `✘ Unexpected argument 'surplus'. Usage: ${usage.accept}`],
  [
    "review",
    "✘ --base: got nothing, need a commit or branch. Usage: npm run review -- --base REF [--stack NAME ...] [--policy NAME ...] [--output FOLDER [--link URL]]",
  ],
  [
    "review -- --base HEAD --policy nope",
    '✘ --policy: got "nope", need keep-data, private-backends, fixed-images, memory-limits.',
  ],
  [
    "review -- --base HEAD --stack nope",
    "✘ nope: Pulumi.nope.yaml: got no such file, need the name of a stack that has one. Fix: pulumi stack init nope",
  ],
  ["reap", "✘ --older-than: got nothing, need a number with s, m, h or d, such as 30m, 8h or 2d."],
  ["reap -- --older-than", `✘ Option '--older-than <value>' argument missing. Usage: ${usage.reap}`],
  ["new", "✘ usage: npm run new -- service NAME"],
  ["new -- service Order", '✘ The name is "Order", need 2 to 31 letters a-z and digits, a letter first.'],
  ["new -- service db", "✘ There is a part db already: take another name."],
  [
    "push",
    "✘ Pulumi.qa.yaml: mia:registry.address: got nothing, need the registry to push to. Fix: pulumi config set --stack qa --path mia:registry.address registry.example:5000",
  ],
  [
    "push -- --registry",
    "✘ Option '--registry <value>' argument missing. Usage: npm run push -- [--stack NAME] [--registry ADDRESS]",
  ],
  [
    "build -- --stack nope",
    "✘ Pulumi.nope.yaml: got no such file, need the name of a stack that has one. Fix: pulumi stack init nope",
  ],
  ["build -- surplus", "✘ Unexpected argument 'surplus'. Usage: npm run build -- [--stack NAME] [--registry ADDRESS]"],
  ["status", nothing("dev")],
  ["status -- --nonsense", "✘ Unknown option '--nonsense'. Usage: npm run status -- [--stack NAME]"],
  ["env -- surplus", "✘ Unexpected argument 'surplus'. Usage: npm run -s env -- [--stack NAME]"],
  ["env -- --stack nope", "✘ Nothing of stack nope is anywhere: npm run up -- --stack nope"],
  ["down -- --stack nope", "error: no stack named 'nope' found"],
  ["down -- --volumes --stack nope", "✘ no stack named 'nope' found"],
];

// On an engine of its own, which has to stay empty: nothing that is wrong may create anything.
describe("Bad input", () => {
  let engine: OwnEngine;
  let clone: Clone;
  const counted: [string, number][] = [];

  before(async () => {
    engine = await OwnEngine.start({ empty: true });
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.mustPulumi("stack", "init", "dev", "--no-select");
  });

  after(async () => {
    figuresOfLongRun("bad-input-commands", [
      ["input of the real commands", "cases", "ended in a sentence, nothing created"],
      ...counted.map(([what, cases]) => [what, cases, cases]),
    ]);
    clone.remove();
    await engine.remove();
  });

  afterEach(() => clone.git("checkout", "--quiet", "."));

  /** It failed with this sentence, and shows neither a stack nor a secret. */
  function assertRefused({ code, output }: Ended, sentence: string): void {
    assert.notEqual(code, 0, output);
    assert.ok(output.includes(sentence), `${output}\nhas not: ${sentence}`);
    assert.doesNotMatch(
      output,
      /^\s+at .+:\d+(:\d+)?\)?$|node:internal|TypeError|unhandled|hunter2|panic:|goroutine/im,
    );
    // The set-up's steps, Pulumi's own heading and summary, and what is wrong: no page of usage.
    assert.ok(output.trim().split("\n").length < 40, output);
  }

  async function assertNothing(what: string, cases: number): Promise<void> {
    assert.deepEqual(await engine.remains(), []);
    const { stdout } = await clone.mustPulumi("stack", "export", "--stack", "dev");
    // Components exist nowhere, nor what is only drawn by lot.
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: { type: string; custom: boolean }[] } };
    assert.deepEqual(
      (deployment.resources ?? []).filter(({ type, custom }) => custom && !/^(pulumi|random):/.test(type)),
      [],
    );
    assert.equal(await clone.status(), "");
    counted.push([what, cases]);
  }

  it("in a stack's file ends in one sentence that names the place", async () => {
    const file = join(clone.folder, "Pulumi.dev.yaml");
    assert.deepEqual(readdirSync(join(corpus, "stack")).sort(), Object.keys(stackFiles).sort());
    const chosen = some(Object.entries(stackFiles), 8);
    for (const [name, sentence] of chosen) {
      cpSync(join(corpus, "stack", name), file);
      assertRefused(await clone.run("npm", ["run", "--silent", "preview"]), sentence);
    }
    await clone.git("checkout", "--quiet", ".");
    await assertNothing("stack files", chosen.length);
  });

  it("in the catalogue ends in one sentence that names the place, by plain pulumi", async () => {
    const chosen = some(Object.entries(catalogues), 2);
    for (const [name, sentence] of chosen) {
      cpSync(join(corpus, "catalogue", name), join(clone.folder, microservices));
      assertRefused(await clone.pulumi("up", "--yes", "--skip-preview", "--stack", "dev"), sentence);
    }
    cpSync(join(corpus, "catalogue/no-comma.txt"), join(clone.folder, microservices));
    const built = await clone.run("npm", ["run", "--silent", "build"]);
    assertRefused(
      built,
      "✘ platform/catalogue/microservices.ts:5: got what can't be read (Expected ',', got 'ident').",
    );
    await clone.git("checkout", "--quiet", "platform");
    await assertNothing("catalogues", chosen.length + 1);
  });

  it("in a base's Dockerfile ends in one sentence, before anything is created", async () => {
    await clone.run("pulumi", ["config", "set", "--stack", "dev", "--path", "mia:services[0]", "keepwww"]);
    await clone.edit("images/frontend/Dockerfile", (text) => text.replace(/nginx:\d\S+/, "nginx:0.0.0"));
    const up = await clone.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    assert.notEqual(up.code, 0);
    assert.match(up.output, /images\/frontend\/ could not be built \(/);
    assert.doesNotMatch(up.output, /^\s+at .+:\d+(:\d+)?\)?$|TypeError|unhandled/im);
    await clone.git("checkout", "--quiet", ".");
    await engine.must("image", "prune", "--force");
    assert.deepEqual(await engine.remains(), []);
    counted.push(["Dockerfiles", 1]);
  });

  it("of a command ends in one sentence that says the way out", async () => {
    const chosen = some(commandLines, 16);
    for (const [line, sentence] of chosen) {
      const ended = await clone.run("sh", ["-c", `npm run --silent ${line}`]);
      assertRefused(ended, sentence);
      assert.equal(ended.output.trim().split("\n").at(-1), sentence);
    }
    await assertNothing("command lines", chosen.length);
  });
});
