import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { atLeast } from "../../platform/versions.mjs";
import { withoutIdleSalt } from "../../toolchain/stack-file-filter.mjs";
import { dropDeadLocks, opens } from "../../toolchain/state.mjs";
import { stackFile, valueIn } from "../../toolchain/steps.mjs";
import { stackOf } from "../../toolchain/arguments.mjs";

const salt = "encryptionsalt: v1:oQbQ/pevBbQ=:v1:MdduSGaEvEetX1zN:qVrvpDElDSR4JtAJM+fcE8ghNgDmfA==";

describe("What git sees of a stack's file", () => {
  it("leaves out a salt that nothing in the file needs", () => {
    const file = '# comment\nconfig:\n  mia:httpPort: "80"\n';
    assert.equal(withoutIdleSalt(`${file}${salt}\n`), file);
    assert.equal(withoutIdleSalt(`${salt}\n${file}`), file);
    assert.equal(withoutIdleSalt(file), file);
  });

  it("keeps the salt that a secret in the file needs", () => {
    for (const secret of [
      "mia:password:\n    secure: v1:abc",
      "mia:list:\n    - secure: v1:abc",
      "mia:o: {a: {secure: v1:abc}}",
    ]) {
      const file = `config:\n  ${secret}\n${salt}\n`;
      assert.equal(withoutIdleSalt(file), file);
    }
  });
});

describe("The salt of a stack's file", () => {
  it("is known to belong to a passphrase, or not to", () => {
    const value = salt.slice(salt.indexOf(" ") + 1);
    assert.equal(opens(value, "mia"), true);
    assert.equal(opens(value, "another"), false);
    assert.equal(opens("v1:garbage", "mia"), false);
  });
});

describe("The set-up", () => {
  it("compares versions by number", () => {
    assert.equal(atLeast("3.253.0", "3.253.0"), true);
    assert.equal(atLeast("v3.270.1", "3.253.0"), true);
    assert.equal(atLeast("3.99.0", "3.253.0"), false);
    assert.equal(atLeast("20.10.24+dfsg1", "20.10.10"), true);
    assert.equal(atLeast("19.03.15", "20.10.10"), false);
    assert.equal(atLeast("1.26", "1.26"), true);
  });

  it("knows a stack's file, also by a name with its organization", () => {
    assert.equal(stackFile("dev"), "Pulumi.dev.yaml");
    assert.equal(stackFile("acme/dev"), "Pulumi.dev.yaml");
    assert.equal(stackFile("acme/mia/dev"), "Pulumi.dev.yaml");
  });

  it("reads a key of a stack's file, also an object's in each way to write it", () => {
    const of = (...lines: string[]) => {
      const text = ["config:", "  mia:kind: qa # ours", ...lines, '  mia:httpPort: "80"', ""].join("\n");
      return ["kind", "machine.driver", "machine.binary", "httpPort"].map((key) => valueIn(text, key));
    };
    assert.deepEqual(of(), ["qa", undefined, undefined, "80"]);
    assert.deepEqual(of("  mia:machine:", "    driver: docker-machine"), ["qa", "docker-machine", undefined, "80"]);
    assert.deepEqual(of('  mia:machine: { driver: "ssh", binary: other }'), ["qa", "ssh", "other", "80"]);
    assert.deepEqual(of(`  mia:machine: '{"binary":"b", "driver":"context"}'`), ["qa", "context", "b", "80"]);
    const deep = ["  mia:machine:", "    options:", "      driver: none", "    # more", "    driver: 'local'"];
    assert.deepEqual(of(...deep), ["qa", "local", undefined, "80"]);
  });

  it("drops the locks of commands that are no more, and of no others", () => {
    const folder = mkdtempSync(join(tmpdir(), "mia-locks-"));
    try {
      const locks = join(folder, ".pulumi/locks/organization/mia/dev");
      mkdirSync(locks, { recursive: true });
      const gone = spawnSync("true").pid;
      const lock = (name: string, content: object) => {
        writeFileSync(join(locks, `${name}.json`), JSON.stringify(content));
      };
      lock("gone", { pid: gone, hostname: hostname() });
      lock("alive", { pid: process.pid, hostname: hostname() });
      lock("elsewhere", { pid: gone, hostname: "another.example" });
      dropDeadLocks(folder);
      assert.deepEqual(readdirSync(locks).sort(), ["alive.json", "elsewhere.json"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("finds the stack among Pulumi's arguments", () => {
    assert.equal(stackOf(["--yes", "--stack", "qa"]), "qa");
    assert.equal(stackOf(["-s", "qa"]), "qa");
    assert.equal(stackOf(["--stack=qa"]), "qa");
    assert.equal(stackOf(["--skip-preview"]), undefined);
  });
});
