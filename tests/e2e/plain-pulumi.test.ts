// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Clone } from "./support/clone.ts";
import { succeed } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { reducedParts } from "./support/parts.ts";

/** Enough to have a database, a microservice and a front end. */
const services = ["keepwww", "user"];

// The README's second block, word for word: no script of ours, no environment but what every CI sets.
describe("For someone who has Pulumi and Docker", () => {
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ packages: false });
    await clone.reduce(...services);
    // The engine is the current context's, as with colima, OrbStack or Docker Desktop.
    for (const args of [
      ["create", "theirs", "--docker", `host=${engine.host}`],
      ["use", "theirs"],
    ]) {
      await succeed("docker", ["context", ...args], { cwd: clone.home, env: clone.env });
    }
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  it("`npm ci && pulumi stack select dev --create && pulumi up` is all", async () => {
    await succeed("npm", ["ci"], { cwd: clone.folder, env: clone.env });
    await clone.mustPulumi("stack", "select", "dev", "--create");
    const up = await clone.mustPulumi("up", "--yes");
    assert.doesNotMatch(up.output, /warning/i);
    const response = await fetch(clone.url("http"));
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { error: "No healthy service answers here.", services });
    assert.equal((await fetch(clone.url("http", "/user/health"))).status, 200);
  });

  it("leaves `git status` clean", async () => {
    assert.equal(await clone.status(), "");
  });

  it("previews no change right after `up`, and after a refresh", async () => {
    await clone.mustPulumi("preview", "--expect-no-changes");
    const refresh = await clone.mustPulumi("refresh", "--yes", "--expect-no-changes");
    assert.match(refresh.output, /unchanged/);
    await clone.mustPulumi("preview", "--expect-no-changes");
  });

  it("has outputs that say where to look, what runs and on which engine", async () => {
    const { stdout } = await clone.mustPulumi("stack", "output", "--json");
    const outputs = JSON.parse(stdout) as Record<string, unknown> & { images: Record<string, string> };
    assert.equal(outputs["lbUrl"], clone.url("http", ""));
    assert.equal(outputs["statusUrl"], clone.url("status", ""));
    assert.equal(outputs["consulUrl"], clone.url("consul", ""));
    assert.equal(outputs["engineId"], (await engine.docker("info", "--format", "{{.ID}}")).stdout.trim());
    assert.deepEqual(Object.keys(outputs.images).sort(), reducedParts(services));
    assert.match(String(outputs["databaseVersion"]), /^8\.4\.|MariaDB/);
    const running = (await engine.docker("ps", "--format", "{{.Image}}")).stdout.trim().split("\n").sort();
    assert.deepEqual(running, Object.values(outputs.images).sort());
  });

  // Under the Node host that leaves TypeScript to Node, as Pulumi.yaml says, and under one so old that it can't be told.
  for (const host of nodeHosts()) {
    it(`shows an edited .ts file in the next preview, by ${host.name}`, async () => {
      await clone.edit("platform/catalogue/infrastructure.ts", (text) =>
        text.replace(/memoryMib: \d+/, "memoryMib: 300"),
      );
      const preview = await clone.run(host.pulumi(clone), ["preview", "--diff", "--non-interactive", "--stack", "dev"]);
      assert.equal(preview.code, 0, preview.output);
      assert.match(preview.output, /memory\s*: 256 => 300/);
      assert.match(preview.output, /~ 1 to update/);
      await clone.git("checkout", "--quiet", "platform");
      await clone.mustPulumi("preview", "--expect-no-changes");
    });
  }

  it("`pulumi destroy` goes no further than what is protected: once it is not, nothing is left", async () => {
    const refused = await clone.pulumi("destroy", "--yes", "--skip-preview");
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /mia-dev-data|protected/);
    await clone.mustPulumi("state", "unprotect", "--all", "--yes");
    await clone.mustPulumi("destroy", "--yes");
    assert.deepEqual(await engine.remains(), []);
    assert.equal(await clone.status(), "");
  });
});

interface NodeHost {
  name: string;
  /** Where the pulumi is that uses it. */
  pulumi: (clone: Clone) => string;
}

function nodeHosts(): NodeHost[] {
  const installed =
    (process.env["PATH"] ?? "").split(delimiter).find((folder) => existsSync(join(folder, "pulumi"))) ?? "";
  const old = join(installed, "language-nodejs");
  const bare = (clone: Clone) => {
    // Pulumi takes the host that lies beside it.
    const folder = join(clone.home, "old-host");
    mkdirSync(folder);
    cpSync(join(installed, "pulumi"), join(folder, "pulumi"));
    cpSync(old, join(folder, "pulumi-language-nodejs"));
    return join(folder, "pulumi");
  };
  return [
    { name: "the installed Node host", pulumi: () => "pulumi" },
    ...(existsSync(old) ? [{ name: "the Node host of Pulumi 3.68", pulumi: bare }] : []),
  ];
}
