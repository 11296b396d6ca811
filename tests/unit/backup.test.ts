import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, readManifest, written } from "../../backup/manifest.ts";
import { planOf } from "../../backup/plan.ts";
import { redirect } from "../../backup/redirect.ts";
import type { Keeping } from "../../backup/stack.ts";
import { db } from "../../platform/catalogue/infrastructure.ts";
import { refusalOf } from "./support/refusal.ts";

const sha256 = "0".repeat(64);
const dump = {
  part: "db",
  kind: "dump" as const,
  file: "db.dump.gz",
  bytes: 20,
  sha256,
  dialect: "MySQL",
  databases: { user: "mia_user_development", order: "mia_order_development" },
};
const manifest: Manifest = {
  format: 1,
  stack: "dev",
  taken: "2026-11-26T21:13:31.000Z",
  images: { db: "mysql:8.4.6" },
  parts: [dump, { part: "files", kind: "files", path: "/data", file: "files.tar.gz", bytes: 1, sha256 }],
  remade: { memcache: "what services ask of it" },
};

describe("A dump that goes into other databases", () => {
  const text = [
    "-- before all",
    "USE `a`;",
    "INSERT INTO t VALUES ('USE `b`;');",
    `INSERT INTO t VALUES ('${"x".repeat(1000)}');`,
    "USE `b`;",
    "INSERT INTO t VALUES (2);",
    "USE `a`;",
    "CREATE VIEW v;",
  ].join("\n");

  /** In pieces of so many bytes. */
  async function redirected(size: number, into: Record<string, string>): Promise<string> {
    function* pieces() {
      for (let i = 0; i < text.length; i += size) yield Buffer.from(text.slice(i, i + size));
    }
    const source = pieces() as unknown as AsyncIterable<Buffer>;
    const parts: Buffer[] = [];
    for await (const part of redirect(source, db.backup, (name) => into[name])) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  it("is the same but for their names, in whatever pieces it comes", async () => {
    const expected = text.replaceAll("\nUSE `a`;", "\nUSE `c`;").replaceAll("\nUSE `b`;", "\nUSE `d`;");
    for (const size of [1, 2, 7, 100, 301, 5000])
      assert.equal(await redirected(size, { a: "c", b: "d" }), expected, `pieces of ${String(size)}`);
  });

  it("has nothing of one that goes nowhere, and what comes before all", async () => {
    assert.equal(await redirected(5, { b: "d" }), "-- before all\nUSE `d`;\nINSERT INTO t VALUES (2);\n");
    assert.equal(
      await redirected(400, { a: "c" }),
      text.replace("USE `b`;\nINSERT INTO t VALUES (2);\n", "").replaceAll("\nUSE `a`;", "\nUSE `c`;"),
    );
  });
});

describe("A restore", () => {
  const stack = (databases: Record<string, string>, ...more: [string, Keeping][]) => ({
    name: "qa",
    databases,
    keeping: new Map<string, Keeping>([
      ["db", db.backup],
      ["memcache", { kind: "derived", from: "what services ask of it", forget: ["flush"] }],
      ...more,
    ]),
  });

  it("gives each service's data to the service of that name, and says what it leaves out and what stays", () => {
    const plan = planOf(manifest, stack({ user: "mia_user_production", catalog: "mia_catalog_production" }));
    assert.deepEqual([...(plan.dumps[0]?.into ?? [])], [["mia_user_development", "mia_user_production"]]);
    assert.deepEqual(plan.services, ["user"]);
    assert.deepEqual(plan.names, ["user"]);
    assert.deepEqual(plan.forgetful, [{ part: "memcache", forget: ["flush"] }]);
    assert.deepEqual(plan.leftOut, [
      "order is left out: stack qa has no place for its data",
      "files is left out: stack qa has no place for its data",
      "catalog of stack qa stays as it is: the backup has none of its data",
    ]);
  });

  it("puts files where the part has them in this stack", () => {
    const there = { kind: "files" as const, path: "/elsewhere" };
    const plan = planOf(manifest, stack({ user: "u", order: "o" }, ["files", there]));
    assert.deepEqual(
      plan.files.map(({ part, path }) => [part, path]),
      [["files", "/elsewhere"]],
    );
    assert.deepEqual([plan.names, plan.leftOut], [["user", "order", "files"], []]);
  });

  it("is refused where the stack has a place for nothing of it", () => {
    assert.equal(
      refusalOf(() => planOf(manifest, stack({ catalog: "mia_catalog_production" }))),
      "The backup has data of user, order, files, and stack qa has a place for none of that.",
    );
  });
});

describe("A backup's manifest", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mia-backup-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (text: string) => {
    writeFileSync(join(folder, "manifest.json"), text);
    return readManifest(folder);
  };

  it("is read as it was written", () => {
    const { file, text } = written(manifest);
    assert.equal(file, "manifest.json");
    assert.deepEqual(read(text), manifest);
  });

  it("is refused in one sentence where it is none, of another version or not whole", () => {
    const need = "need a folder that `npm run backup` has made.";
    const { text } = written(manifest);
    for (const [wrong, words] of [
      ["{", `whose manifest.json is no such manifest, ${need}`],
      ["[]", `whose manifest.json is wrong at format, ${need}`],
      [
        text.replace('"format": 1', '"format": 7'),
        "a backup of format 7, need format 1: take the version of mia that made it.",
      ],
      [text.replace('"stack"', '"stock"'), `whose manifest.json is wrong at stack, ${need}`],
      [text.replace("db.dump.gz", "../secret"), `whose manifest.json is wrong at parts.0.file, ${need}`],
      [text.replace('"dump"', '"dumb"'), `whose manifest.json is wrong at parts.0.kind, ${need}`],
    ] as const) {
      assert.equal(
        refusalOf(() => read(wrong)),
        `FOLDER: got ${folder}, ${words}`,
      );
    }
  });
});
