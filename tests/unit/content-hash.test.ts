import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash } from "../../delivery/content-hash.mjs";
import { contextHash } from "../../delivery/context.ts";
import { ownImage } from "../../delivery/own-images.ts";

describe("The content hash of a folder", () => {
  let scratch: string;
  let folder: string;

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "mia-hash-"));
    folder = join(scratch, "a");
    mkdirSync(join(folder, "sub"), { recursive: true });
    writeFileSync(join(folder, "Dockerfile"), "FROM x\n");
    writeFileSync(join(folder, "sub/run"), "#!/bin/sh\n", { mode: 0o755 });
  });

  afterEach(() => {
    rmSync(scratch, { recursive: true });
  });

  it("is the same elsewhere, later and for another umask", () => {
    const before = contentHash([folder]);
    const copy = join(scratch, "elsewhere");
    cpSync(folder, copy, { recursive: true });
    utimesSync(join(copy, "Dockerfile"), 1, 1);
    chmodSync(join(copy, "Dockerfile"), 0o600);
    chmodSync(join(copy, "sub/run"), 0o700);
    assert.equal(contentHash([copy]), before);
    assert.match(before, /^[0-9a-f]{12}$/);
  });

  const changes: [string, () => void][] = [
    [
      "a file's content",
      () => {
        writeFileSync(join(folder, "Dockerfile"), "FROM y\n");
      },
    ],
    [
      "a file's name",
      () => {
        renameSync(join(folder, "Dockerfile"), join(folder, "Dockerfile2"));
      },
    ],
    [
      "a new file",
      () => {
        writeFileSync(join(folder, "sub/new"), "");
      },
    ],
    [
      "a program that is none any more",
      () => {
        chmodSync(join(folder, "sub/run"), 0o644);
      },
    ],
    [
      "a link's target",
      () => {
        symlinkSync("Dockerfile", join(folder, "link"));
      },
    ],
  ];
  for (const [what, change] of changes) {
    it(`is another after ${what} changed`, () => {
      const before = contentHash([folder]);
      change();
      assert.notEqual(contentHash([folder]), before);
    });
  }

  it("is the same whatever is in files that .dockerignore leaves out, and another for every other", () => {
    writeFileSync(join(folder, ".dockerignore"), "# what is no part of it\n**/*.log\n/sub/tmp\n!keep.log\n");
    const before = contextHash(folder);
    mkdirSync(join(folder, "sub/tmp"));
    for (const file of ["a.log", "sub/b.log", "sub/tmp/c"]) writeFileSync(join(folder, file), "ignored");
    assert.equal(contextHash(folder), before);
    writeFileSync(join(folder, ".dockerignore"), "Dockerfile\n");
    const without = contextHash(folder);
    writeFileSync(join(folder, "Dockerfile"), "FROM another\n");
    assert.notEqual(contextHash(folder), without, "the Dockerfile counts in any case");
    writeFileSync(join(folder, ".dockerignore"), "# what is no part of it\n**/*.log\n/sub/tmp\n!keep.log\n");
    writeFileSync(join(folder, "Dockerfile"), "FROM x\n");
    writeFileSync(join(folder, "keep.log"), "counts");
    assert.notEqual(contextHash(folder), before);
  });

  it("is another for an image made of other images", () => {
    const upstream = ownImage("mia-", "lb", folder, { IMAGES: "" }, "linux/x86_64");
    const own = ownImage("mia-", "lb", folder, { IMAGES: "registry.example/a/" }, "linux/x86_64");
    assert.match(upstream.name, /^mia-lb:[0-9a-f]{12}$/);
    assert.notEqual(upstream.name, own.name);
    const user = (base: typeof own) =>
      ownImage("registry.example/team/mia-", "user", folder, { BASE: base }, "linux/x86_64").name;
    assert.match(user(own), /^registry\.example\/team\/mia-user:[0-9a-f]{12}$/);
    assert.notEqual(user(own), user(upstream));
    assert.notEqual(ownImage("mia-", "lb", folder, { IMAGES: "" }, "linux/aarch64").name, upstream.name);
  });
});
