import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { parse } from "yaml";
import { brokenFile } from "../../platform/broken-file.ts";
import { frontends } from "../../platform/catalogue/frontends.ts";
import { checkPlatform } from "../../platform/check.ts";
import { configPath } from "../../platform/config-path.ts";
import { readEnvironment, schema } from "../../platform/config.ts";
import { entries } from "../../platform/entries.ts";
import { ConfigError } from "../../platform/problem.ts";
import { readRegistryPlace, schema as registrySchema } from "../../platform/registry.ts";
import { wholeServices } from "../../platform/service.ts";
import { configIn } from "../../platform/stack-file.ts";
import { parse as parseArguments, stackOf } from "../../toolchain/arguments.mjs";
import { SetupError, valueIn } from "../../toolchain/steps.mjs";
import { figures } from "../e2e/support/figures.ts";
import { type Case, casesOf, configCases } from "./support/cases.ts";

const root = join(import.meta.dirname, "../..");
const seed = Number(process.env["MIA_SEED"] ?? Math.floor(Math.random() * 100_000));
const runs = process.env["MIA_LONG"] ? 10_000 : 300;
const marker = "Hunter2-Secret";

const takes = (one: unknown, value: unknown) => v.is(one as v.GenericSchema, value);
const services = wholeServices({ mia: { source: "services/mia", uses: ["db"] } }, {});

/** What a Pulumi.yaml says of each key. */
function declared(folder: string): Record<string, { type: string; description: string; default?: unknown }> {
  const { name, config } = parse(readFileSync(join(root, folder, "Pulumi.yaml"), "utf8")) as {
    name: string;
    config: Record<string, { type: string; description: string; default?: unknown }>;
  };
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${name}:`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function defaults(folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(declared(folder)).map(([key, item]) => [key, asText(item.default)]));
}

/** What comes of reading: nothing where it was accepted, else the lines of the refusal. */
function refusal(read: () => unknown): string[] | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
}

/** Where, what we got, what we need, how to fix it; in one line, without a stack. */
function assertSentences(lines: readonly string[], where: RegExp): void {
  for (const line of lines) {
    assert.match(line, where);
    assert.match(line, /: got (.+, need .+|a key that does not exist|a field that does not exist)\. Fix: \S.*$/);
    assert.doesNotMatch(line, /\bat .*:\d+:\d+|node:internal|TypeError|undefined|\[object/);
    assert.ok(line.length < 1000, `a line of ${String(line.length)} characters`);
  }
}

const places = /^(Pulumi\.dev\.yaml: mia:|the environment variable MIA_IMAGES)/;

function readConfig(values: Readonly<Record<string, string | undefined>>, defaultImages?: string): unknown {
  const own = Object.entries(values).filter(([, value]) => value !== undefined);
  const named = Object.fromEntries(own.map(([key, value]) => [`mia:${key}`, value])) as Record<string, string>;
  const environment = readEnvironment({ project: "mia", stack: "dev", values: named, defaultImages });
  checkPlatform(environment, services);
  return environment;
}

const counted = new Map<string, [number, number]>();

function count(what: string, isRefused: boolean): void {
  const [all, refused] = counted.get(what) ?? [0, 0];
  counted.set(what, [all + 1, refused + (isRefused ? 1 : 0)]);
}

describe("Bad input, from the schemas,", function () {
  this.timeout(process.env["MIA_LONG"] ? 3_600_000 : 20_000);

  it("is known of every key that Pulumi.yaml declares, of its type, and of no other", () => {
    for (const [folder, entries] of [
      [".", schema.entries],
      ["registry", registrySchema.entries],
    ] as const) {
      assert.deepEqual(Object.keys(declared(folder)).sort(), Object.keys(entries).sort());
      for (const [key, { type, description }] of Object.entries(declared(folder))) {
        assert.match(type, /^(string|integer|object|array)$/, key);
        assert.match(description, /\S/, key);
      }
    }
    assert.equal(
      refusal(() => readConfig(defaults("."))),
      undefined,
    );
  });

  it("is refused in sentences, wherever it is in a stack's config", () => {
    const valid = defaults(".");
    const base = { ...valid, kind: "qa" };
    for (const one of configCases(schema, takes))
      checkCase(one, "config", (values) => readConfig({ ...base, ...values }));
  });

  it("is refused in sentences, wherever it is in the registry's config", () => {
    const valid = defaults("registry");
    for (const one of configCases(registrySchema, takes)) {
      checkCase(
        one,
        "registry's config",
        (values) => {
          const all = Object.entries({ ...valid, ...values }).filter(([, value]) => value !== undefined);
          const named = all.map(([key, value]) => [`mia-registry:${key}`, value]);
          return readRegistryPlace({
            project: "mia-registry",
            stack: "dev",
            values: Object.fromEntries(named) as Record<string, string>,
          });
        },
        /^registry\/Pulumi\.dev\.yaml: mia-registry:/,
      );
    }
  });

  it("is refused in sentences, wherever it is in the catalogue", () => {
    for (const [file, entry] of Object.entries(entries)) {
      const wrong: Case[] = casesOf(entry, ["order"], takes);
      for (const { kind, path, value, refused } of wrong) {
        const whole = (file === "microservices" ? [{ order: value }, {}] : [{}, { order: value }]) as [never, never];
        const lines = refusal(() => wholeServices(...whole));
        count(`catalogue: ${kind}`, lines !== undefined);
        assert.equal(lines !== undefined, refused, `${file}: ${path.join(".")} = ${asText(value)}: ${String(lines)}`);
        assertEntries(lines ?? []);
      }
    }
  });

  const names = ["db", "lb", "Order", "my order", "", "1st", "-a", "__proto__", "x".repeat(32), "a_b"];
  it("is refused in sentences, as a name in the catalogue", () => {
    const entry = { source: "services/order", uses: [] };
    for (const name of names) {
      const all = Object.fromEntries([[name, entry]]);
      const lines = refusal(() => wholeServices(all, {}));
      count("catalogue: name", lines !== undefined);
      assert.equal(lines?.length, 1, name);
      assertEntries(lines);
    }
    const both = refusal(() => wholeServices({ shop: entry }, { shop: { source: "frontend/shop", product: "keep" } }));
    assert.deepEqual(both, [
      "platform/catalogue/frontends.ts: shop: got a name that another part has, need one of its own. Fix: correct it",
    ]);
    for (const all of [null, undefined, [], "user", 7]) {
      const lines = refusal(() => wholeServices(all as never, {}));
      assert.ok(lines !== undefined, String(all));
      assertEntries(lines);
    }
  });

  it("never shows what may be a secret", () => {
    const secret = [
      { registry: `{"address":"registry.example","user":"ci","password":["${marker}"]}` },
      { registry: `{"address":"https://ci:${marker}@registry.example"}` },
      { registry: `{"address":"registry.example","user":"ci","password":"${marker}"` },
      { machine: `{"driver":"docker-machine","secrets":{"TOKEN":"${marker}"}` },
      { machine: `{"driver":"docker-machine","secrets":{"token":"${marker}"}}` },
      { machine: `{"driver":"docker-machine","secrets":{"TOKEN":{"${marker}":"${marker}"}}}` },
      { machine: `{"driver":"docker-machine","secrets":"${marker}"}` },
      { machine: `{"driver":"docker-machine","options":["${marker}"]}` },
      { machine: `{"driver":"ssh","address":"root:${marker}@host"}` },
      { images: `https://ci:${marker}@registry.example/` },
    ];
    for (const values of secret) {
      const lines = refusal(() => readConfig({ ...defaults("."), kind: "qa", ...values }));
      assert.ok(lines !== undefined, asText(values));
      assertSentences(lines, places);
      assert.doesNotMatch(lines.join("\n"), new RegExp(marker));
      count("config: secret", true);
    }
    const images = `https://ci:${marker}@registry.example/`;
    const lines = refusal(() => readConfig(defaults("."), images));
    assert.ok(lines !== undefined);
    assert.doesNotMatch(lines.join("\n"), new RegExp(marker));
  });
});

describe("Bad input, from files,", () => {
  const corpus = join(root, "tests/corpus");

  /** How Node ends that loads a catalogue with this file in it. */
  async function loaded(folder: string): Promise<string[]> {
    try {
      const entry = pathToFileURL(join(folder, "index.mjs")).href;
      const { microservices } = (await import(entry)) as { microservices: never };
      return refusal(() => wholeServices(microservices, frontends)) ?? [];
    } catch (error) {
      const broken = brokenFile(error, folder);
      if (broken === undefined) throw error;
      return new ConfigError([broken]).message.split("\n");
    }
  }

  for (const name of readdirSync(join(corpus, "catalogue"))) {
    it(`is refused with its place in the catalogue: ${name}`, async () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "mia-input-")));
      try {
        mkdirSync(join(folder, "platform/catalogue"), { recursive: true });
        writeFileSync(join(folder, "package.json"), '{"type":"module"}');
        cpSync(join(corpus, "catalogue", name), join(folder, "platform/catalogue/microservices.ts"));
        const again = 'export { microservices } from "./platform/catalogue/microservices.ts";\n';
        writeFileSync(join(folder, "index.mjs"), again);
        const lines = await loaded(folder);
        count("catalogue: file", lines.length > 0);
        // What folders there are is for the program to see.
        if (["no-folder.txt", "no-dockerfile.txt", "outside.txt"].includes(name)) return;
        assert.ok(lines.length > 0);
        for (const line of lines) {
          assert.match(line, /^(platform\/catalogue\/(microservices|frontends)\.ts|index\.mjs)(:\d+)?: /);
          assert.match(line, /: got .+\. Fix: \S.*$/);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("is refused with its line in JSON", () => {
    const error = new SyntaxError("/a/platform/catalogue/images.json: Unexpected token } in JSON at position 10");
    assert.deepEqual(brokenFile(error, "/a")?.where, "platform/catalogue/images.json");
  });

  it("is not said of what is a mistake of ours", () => {
    assert.equal(brokenFile(new TypeError("x is not a function"), root), undefined);
    assert.equal(brokenFile("no error", root), undefined);
  });

  for (const name of readdirSync(join(corpus, "stack"))) {
    it(`is refused, or left to Pulumi's types, in a stack's file: ${name}`, () => {
      const text = readFileSync(join(corpus, "stack", name), "utf8");
      const lines = refusal(() => configIn(text, "Pulumi.dev.yaml"));
      count("stack file", lines !== undefined);
      assert.ok((lines?.length ?? 1) === 1);
      assert.match(lines?.[0] ?? "", /^$|^Pulumi\.dev\.yaml(:\d+)?: got .+\. Fix: \S/);
    });
  }
});

describe("Bad input, at random,", function () {
  this.timeout(process.env["MIA_LONG"] ? 3_600_000 : 20_000);
  before(() => {
    console.log(`      MIA_SEED=${String(seed)}`);
  });

  after(() => {
    const rows = [...counted].sort().map(([what, [all, refused]]) => [what, all, refused]);
    figures("bad-input", [["input", "cases", "refused, in sentences"], ...rows]);
  });

  const word = fc.constantFrom(
    "user",
    "local",
    "ssh",
    "docker-machine",
    "qa",
    "80",
    "root@host",
    "a.b:5000/c",
    marker,
    "",
  );
  const value = fc.oneof(word, fc.string(), fc.json(), fc.integer().map(String), objects(word));

  it("in a stack's config is accepted, or refused in sentences", () => {
    // Most keys as they are by default: then some are accepted.
    const rarely = fc.option(value, { nil: undefined, freq: 1 });
    const keys = Object.fromEntries([...Object.keys(schema.entries), "color"].map((key) => [key, rarely]));
    const config = fc.record(keys);
    check("config", fc.tuple(config, fc.option(value, { nil: undefined })), ([values, images]) => {
      const set = Object.fromEntries(Object.entries(values).filter(([, one]) => one !== undefined));
      const lines = refusal(() => readConfig({ ...defaults("."), ...set }, images));
      assertSentences(lines ?? [], places);
      return lines;
    });
  });

  it("in the catalogue is accepted, or refused in sentences", () => {
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true });
    const fields = ["source", "uses", "base", "product", "memoryMib", "readySeconds", "environment", "color"];
    const some = fc.oneof(anything, fc.constantFrom<unknown>("services/a", ["db"], ["lb"], 512, { A: "1" }));
    const entry = fc.record(Object.fromEntries(fields.map((key) => [key, some])), { requiredKeys: [] });
    const all = fc.dictionary(fc.oneof(fc.constantFrom("user", "shop", "db"), fc.string()), fc.oneof(entry, anything));
    const file = fc.oneof({ weight: 5, arbitrary: all }, { weight: 1, arbitrary: anything });
    check("catalogue", fc.tuple(file, file), ([microservices, frontends]) => {
      const lines = refusal(() => wholeServices(microservices as never, frontends as never));
      assertEntries(lines ?? []);
      return lines;
    });
  });

  it("as a stack's file is read, or refused in sentences", () => {
    const piece = fc.constantFrom(
      "config:",
      "\n",
      "  ",
      "\t",
      "mia:kind",
      ": ",
      "qa",
      '"',
      "'",
      "{",
      "}",
      "[",
      "- ",
      "&a",
      "*a",
      "!!",
      "|",
      "#",
      "<<",
      "\0",
      "1e9",
      "---\n",
      "? ",
    );
    const text = fc.oneof(
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }).map((all) => all.join("")),
      fc.string(),
    );
    check("stack file", text, (content) => {
      for (const key of ["kind", "machine.driver"]) valueIn(content, key);
      const lines = refusal(() => configIn(content, "Pulumi.dev.yaml"));
      for (const line of lines ?? []) assert.match(line, /^Pulumi\.dev\.yaml(:\d+)?: got .+\. Fix: \S/);
      return lines;
    });
  });

  it("as a command line is understood, or refused in one sentence", () => {
    const options = {
      stack: { type: "string", short: "s" },
      tail: { type: "string" },
      "dry-run": { type: "boolean" },
    } as const;
    const piece = fc.constantFrom(
      "--stack",
      "-s",
      "--stack=",
      "-s=",
      "--",
      "-",
      "--tail",
      "-1",
      "--dry-run",
      "--dry-run=no",
      "qa",
      "../x",
      "a b",
    );
    check("command line", fc.array(fc.oneof(piece, fc.string())), (args) => {
      const tries = [() => void parseArguments(args, options, "npm run x -- [--stack NAME]"), () => void stackOf(args)];
      const said = tries.flatMap((run) => {
        try {
          run();
          return [];
        } catch (error) {
          assert.ok(error instanceof SetupError, String(error));
          return [error.message];
        }
      });
      for (const line of said)
        assert.match(
          line,
          /^(Option |Unknown option |Unexpected argument |--stack: got )[^]*(Usage: npm run x|such as dev\.)/,
        );
      return said.length === 0 ? undefined : said;
    });
  });
});

/** Holds for so many values, the seed of which is told. */
function check<T>(what: string, values: fc.Arbitrary<T>, refusalOf: (value: T) => readonly string[] | undefined): void {
  fc.assert(
    fc.property(values, (one) => {
      const lines = refusalOf(one);
      count(`random ${what}`, lines !== undefined);
      assert.doesNotMatch(lines?.join("\n") ?? "", /^ +at /m);
    }),
    { seed, numRuns: runs },
  );
}

/** An object in JSON as a machine, a registry or the replicas are. */
function objects(word: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const keys = ["driver", "name", "address", "user", "password", "memoryMib", "options", "secrets", "toString", "a b"];
  const value = fc.oneof(word, fc.integer(), fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()));
  return fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] }).map(asText);
}

function checkCase(
  { kind, path, value, refused }: Case,
  what: string,
  read: (values: Record<string, string | undefined>) => unknown,
  where = places,
): void {
  const [key = ""] = path;
  const lines = refusal(() => read(Object.fromEntries([[key, value as string | undefined]])));
  count(`${what}: ${kind}`, lines !== undefined);
  const got = `${kind}: ${path.join(".")} = ${asText(value)}: ${String(lines)}`;
  // What a value's own rules allow, a rule about several keys may not.
  const itself = lines?.find((line) => line.includes(`${configPath("", path)}: got`));
  if (refused) assert.ok(lines !== undefined, got);
  else assert.equal(itself, undefined, got);
  assertSentences(lines ?? [], where);
  if (lines !== undefined)
    assert.ok(
      lines.some((line) => line.includes(configPath("", [key]).slice(1))),
      got,
    );
}

function assertEntries(lines: readonly string[]): void {
  assertSentences(lines, /^platform\/catalogue\/(microservices|frontends)\.ts: /);
}
