// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { acceptance } from "../../acceptance/flow.ts";
import { Clone, withoutOurTools } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { command, succeed } from "./support/command.ts";
import { oldEngine } from "./support/old-engine.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { parts, reducedParts, withoutSuffix } from "./support/parts.ts";
import { isLong } from "./support/random.ts";
import { commandSeconds } from "../support/limits.ts";

/** What a plain run has in dev. */
const services = ["keepwww", "user"];

const salt = "encryptionsalt: v1:oQbQ/pevBbQ=:v1:MdduSGaEvEetX1zN:qVrvpDElDSR4JtAJM+fcE8ghNgDmfA==\n";

describe("`npm run up` on a machine that has but Node and npm", () => {
  let engine: OwnEngine;
  let clone: Clone;
  /** A user's environment before anything was set up; the caches are this machine's, so that little is built twice. */
  let bare: NodeJS.ProcessEnv;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host, packages: false });
    // The long suite runs all parts in dev. One front end is enough for qa.
    if (!isLong) await clone.reduce(...services);
    await clone.select("qa", "keepwww");
    const real = process.env["HOME"] ?? "";
    bare = {
      ...withoutOurTools(process.env),
      HOME: clone.home,
      CI: "true",
      DOCKER_HOST: engine.host,
      XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(real, ".cache"),
      GOMODCACHE: process.env["GOMODCACHE"] ?? join(real, "go/pkg/mod"),
      GOCACHE: process.env["GOCACHE"] ?? join(real, ".cache/go-build"),
      npm_config_cache: clone.env["npm_config_cache"],
      npm_config_userconfig: clone.env["npm_config_userconfig"],
    };
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  const npm = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    command("npm", ["run", ...args], { cwd: clone.folder, env: { ...bare, ...env }, seconds: commandSeconds.setUp });

  /** Puts another salt into a stack's file, or none. */
  function rewriteSalt(stack: string, line: string): void {
    const file = join(clone.folder, `Pulumi.${stack}.yaml`);
    writeFileSync(file, readFileSync(file, "utf8").replace(/^encryptionsalt:.*\n/m, "") + line);
  }

  async function mustNpm(...args: string[]): Promise<Ended> {
    const ended = await npm(args);
    assert.equal(ended.code, 0, ended.output);
    return ended;
  }

  it("brings the platform up, says where to look, warns of nothing and leaves `git status` clean", async () => {
    const up = await mustNpm("up");
    for (const step of ["Node", "Packages", "Pulumi", "Docker Engine", "Images", "State"])
      assert.match(up.output, new RegExp(`✔ ${step}: `));
    assert.ok(up.output.includes(`lbUrl      ${clone.url("http", "")}`), up.output);
    assert.doesNotMatch(up.output.replace(/^npm warn.*$/gm, ""), /warning/i);
    assert.equal((await fetch(clone.url("http", "/user/health"))).status, 200);
    assert.equal(await clone.status(), "");
    assert.ok(existsSync(join(clone.folder, ".mia/state/.pulumi/stacks/mia/dev.json")), "the state is the clone's own");
  });

  it("with nothing changed sets nothing up and changes nothing", async () => {
    const up = await mustNpm("up");
    assert.match(up.output, /Resources:\s+\d+ unchanged\s/);
    assert.doesNotMatch(up.output, / … \(log:/);
    assert.equal(await clone.status(), "");
  });

  it("passes arguments through: qa comes up beside dev", async () => {
    await mustNpm("up", "--", "--stack", "qa");
    const names = (await engine.docker("ps", "--format", "{{.Names}}")).stdout.trim().split("\n");
    assert.deepEqual(names.map(withoutSuffix).sort(), [
      ...(isLong ? parts : reducedParts(services)).map((part) => `mia-dev-${part}`),
      ...reducedParts(["keepwww"]).map((part) => `mia-qa-${part}`),
    ]);
    await mustNpm("preview", "--", "--stack", "qa", "--expect-no-changes");
    await mustNpm("preview", "--", "--expect-no-changes");
    assert.equal(await clone.status(), "");
  });

  it('`eval "$(npm run -s env)"` makes plain pulumi commands work in a shell', async () => {
    const script =
      'eval "$(npm run -s env)" && pulumi preview --stack dev --expect-no-changes && pulumi stack output lbUrl --stack dev';
    const shell = await command("sh", ["-c", script], { cwd: clone.folder, env: bare });
    assert.equal(shell.code, 0, shell.output);
    assert.ok(shell.stdout.trimEnd().endsWith(clone.url("http", "")), shell.output);
    assert.doesNotMatch(shell.output.replace(/^npm warn.*$/gm, ""), /warning/i);
    const env = await mustNpm("-s", "env");
    assert.deepEqual(
      env.stdout
        .trim()
        .split("\n")
        .filter((line) => !/^export \w+='.*'|^export PATH=/.test(line)),
      [],
    );
  });

  it("leaves the choice of backend and passphrase to the user", async () => {
    const state = join(clone.home, "elsewhere");
    mkdirSync(state);
    const env = { PULUMI_BACKEND_URL: `file://${state}`, PULUMI_CONFIG_PASSPHRASE: "another" };
    rewriteSalt("dev", "");
    const printed = await npm(["-s", "env"], env);
    assert.equal(printed.code, 0, printed.output);
    assert.doesNotMatch(printed.stdout, /PASSPHRASE|BACKEND/);
    const login = { PULUMI_CREDENTIALS_PATH: join(clone.home, "login") };
    mkdirSync(login.PULUMI_CREDENTIALS_PATH);
    writeFileSync(
      join(login.PULUMI_CREDENTIALS_PATH, "credentials.json"),
      JSON.stringify({ current: `file://${state}` }),
    );
    assert.doesNotMatch((await npm(["-s", "env"], login)).stdout, /PASSPHRASE|BACKEND/);
  });

  it("refuses the documented passphrase's salt on another backend", async () => {
    rewriteSalt("qa", salt);
    const state = join(clone.home, "elsewhere");
    const up = await npm(["up", "--", "--stack", "qa"], {
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: "another",
    });
    assert.equal(up.code, 1);
    const sentence =
      `✘ Pulumi.qa.yaml still holds the salt of the documented passphrase, which is for the clone's own state only, and the backend is file://${state}: ` +
      "remove its line encryptionsalt, or where the stack is there already, choose another with `PULUMI_CONFIG_PASSPHRASE=mia pulumi stack change-secrets-provider --stack qa default` (or passphrase, awskms://…).";
    assert.ok(up.output.includes(sentence), up.output);
    assert.ok(!existsSync(join(state, ".pulumi/stacks/mia/qa.json")));
  });

  itInLongSuite("comes up from cached images, until the acceptance flow passes", async () => {
    await mustNpm("down", "--", "--volumes", "--yes");
    const from = Date.now();
    await mustNpm("up");
    const up = Date.now();
    await acceptance(clone.url("http", ""));
    const seconds = (to: number) => ((to - from) / 1000).toFixed(1);
    console.log(`      npm run up: ${seconds(up)} s; the acceptance flow has passed after ${seconds(Date.now())} s`);
  });

  it("`npm run down` leaves nothing but what a developer keeps, and with `--volumes` nothing", async () => {
    rewriteSalt("qa", "");
    await mustNpm("down", "--", "--stack", "qa");
    await mustNpm("down");
    assert.deepEqual((await engine.remains()).sort(), [
      "volume mia-dev-consul-data",
      "volume mia-dev-data",
      "volume mia-dev-rubygems",
    ]);
    await mustNpm("down", "--", "--volumes", "--yes");
    assert.deepEqual(await engine.remains(), []);
    assert.equal(await clone.status(), "");
  });

  describe("The set-up's script", () => {
    for (const version of ["20.20.2", "22.21.1", "24.21.0"]) {
      it(`runs on Node ${version}`, async () => {
        const bin = await nodeOf(version, bare);
        const env = { ...bare, PATH: `${bin}${delimiter}${bare["PATH"] ?? ""}` };
        const ended = await command("node", ["toolchain/mia.mjs", "env"], { cwd: clone.folder, env });
        assert.equal(ended.code, 0, ended.output);
        assert.equal(ended.stdout.includes(".mia/node"), version.startsWith("20."), ended.output);
      });
    }

    /** The one sentence in which the set-up ends, in the clone, with another environment. */
    async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
      const ended = await command("node", ["toolchain/mia.mjs", "up"], { cwd: clone.folder, env: { ...bare, ...env } });
      assert.equal(ended.code, 1, ended.output);
      assert.doesNotMatch(ended.output, /\.mjs:\d+/);
      const lines = ended.output.split("\n").filter((line) => line.startsWith("✘"));
      assert.equal(lines.length, 1, ended.output);
      return lines[0] ?? "";
    }

    /** A PATH with these commands alone. */
    function pathOf(...commands: string[]): string {
      const folder = mkdtempSync(join(clone.home, "bin-"));
      for (const name of commands)
        symlinkSync(execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(folder, name));
      return folder;
    }

    it("says what to install where there is neither Pulumi, nor its download, nor Go", async () => {
      const words = await refusal({
        PATH: pathOf("node", "npm", "docker", "git", "sh", "env", "tar"),
        XDG_CACHE_HOME: join(clone.home, "empty"),
        MIA_PULUMI_RELEASES: "http://127.0.0.1:9/sdk",
      });
      assert.equal(
        words,
        "✘ Pulumi is not on PATH, 127.0.0.1:9 does not answer, and there is no Go 1.26 to build it with: install Pulumi (https://www.pulumi.com/docs/install) or Go (https://go.dev/doc/install) and try again.",
      );
    });

    it("takes the official download where it can be reached", async () => {
      const releases = await servePulumi();
      const cache = join(clone.home, "download");
      try {
        const PATH = pathOf("node", "npm", "docker", "git", "sh", "env", "tar", "gzip");
        const env = {
          PATH,
          XDG_CACHE_HOME: cache,
          MIA_PULUMI_RELEASES: releases.url,
          MIA_IMAGES: "registry.example/a/",
        };
        const ended = await command("node", ["toolchain/mia.mjs", "env"], {
          cwd: clone.folder,
          env: { ...bare, ...env },
        });
        assert.equal(ended.code, 0, ended.output);
        assert.match(ended.stdout, new RegExp(`download/mia/pulumi-v${releases.version}`));
      } finally {
        releases.server.close();
      }
    });

    it("says that an engine is too old", async () => {
      const old = await oldEngine();
      try {
        assert.equal(
          await refusal({ DOCKER_HOST: old.host }),
          `✘ The Docker engine at ${old.host} is 19.03.15, need 20.10.10 or newer: update it, or point DOCKER_HOST or \`docker context use\` at another.`,
        );
      } finally {
        old.server.close();
      }
    });

    it("says which engine does not answer", async () => {
      const words = await refusal({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
      assert.match(
        words,
        /^✘ The Docker engine at unix:\/\/\/nowhere\/docker\.sock does not answer \(.+\): start it, or unset DOCKER_HOST or `docker context use default`\.$/,
      );
    });

    // The last one, since npm has removed the packages by then.
    it("names the log and the way out when npm fails", async () => {
      rmSync(join(clone.folder, "node_modules/.package-lock.json"));
      const words = await refusal({
        npm_config_registry: "http://127.0.0.1:9/",
        npm_config_cache: join(clone.home, "no-cache"),
        npm_config_fetch_retries: "0",
      });
      assert.equal(
        words,
        `✘ npm ci failed (npm: exit 1): see ${clone.folder}/.mia/logs/npm-ci.log. If npm can't reach its registry, set its proxy or registry and try again.`,
      );
      assert.match(readFileSync(join(clone.folder, ".mia/logs/npm-ci.log"), "utf8"), /127\.0\.0\.1:9/);
    });
  });
});

/** A Node of some version, from npm; its packages need no install script. */
async function nodeOf(version: string, env: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(env["HOME"] ?? "", "nodes", version);
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(folder, { recursive: true });
  await succeed("npm", ["install", "--prefix", folder, "--no-save", `${name}@${version}`], { cwd: folder, env });
  return join(folder, "node_modules", name, "bin");
}

/** Serves what a download of Pulumi is made of: an archive with a folder pulumi and the command in it. */
async function servePulumi(): Promise<{ url: string; version: string; server: Server }> {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const version = dependencies["@pulumi/pulumi"] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "mia-clone-download-"));
  mkdirSync(join(folder, "pulumi"));
  writeFileSync(join(folder, "pulumi/pulumi"), `#!/bin/sh\necho v${version}\n`);
  chmodSync(join(folder, "pulumi/pulumi"), 0o755);
  const archive = execFileSync("tar", ["-czf", "-", "-C", folder, "pulumi"]);
  rmSync(folder, { recursive: true });
  const name = `/pulumi-v${version}-${process.platform}-${process.arch}.tar.gz`;
  const server = createServer((request, response) => {
    response.statusCode = request.url === name ? 200 : 404;
    response.end(request.method === "HEAD" || request.url !== name ? "" : archive);
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", () => {
      done();
    });
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${String(port)}`, version, server };
}
