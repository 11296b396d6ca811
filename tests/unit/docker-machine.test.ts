import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

describe("docker-machine", () => {
  let folder: string;
  let server: Server;
  let url: string;
  /** What the releases' site hands out as the program. */
  let program = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "mia-docker-machine-"));
    server = createServer((request, response) => {
      const there = /^\/v0\.16\.2\/docker-machine-(Linux|Darwin)-\w+$/.test(request.url ?? "");
      response.writeHead(there ? 200 : 404).end(there ? program : "");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the step on a machine that has but Node; the last line is what it has put on PATH. */
  async function prepare(call: string, cache: string, releases = url, path = ""): Promise<string[]> {
    const toolchain = join(import.meta.dirname, "../../toolchain");
    const script = `
      import { dockerMachine, ensureDockerMachine } from "${toolchain}/docker-machine.mjs";
      import { main, newSetup } from "${toolchain}/steps.mjs";
      const setup = newSetup();
      await main(async () => { await ${call}; console.log(setup.path.join()); });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      env: { PATH: path, XDG_CACHE_HOME: join(folder, cache), MIA_DOCKER_MACHINE_RELEASES: releases },
    });
    const said = await Promise.all([text(child.stderr), text(child.stdout)]);
    return said.map((lines) => lines.replaceAll(/ \(\d.*?\)$/gm, "").trim()); // how long it took, where that was long
  }

  const says = (version: string) => `#!/bin/sh\necho docker-machine version ${version}, build test\n`;

  it("is downloaded once where its releases can be reached", async () => {
    program = says("0.16.2");
    const brought = join(folder, "one/mia/docker-machine-v0.16.2");
    assert.deepEqual(await prepare("ensureDockerMachine(setup)", "one"), [
      "✔ docker-machine: 0.16.2, downloaded",
      brought,
    ]);
    assert.deepEqual(await prepare("ensureDockerMachine(setup)", "one", "http://127.0.0.1:9"), [
      "✔ docker-machine: 0.16.2, brought by an earlier run",
      brought,
    ]);
  });

  it("is not taken from a site that hands out something else", async () => {
    program = "<html></html>";
    const [words] = await prepare("ensureDockerMachine(setup)", "two");
    assert.match(
      words ?? "",
      /^✘ http:\S+\/v0\.16\.2\/docker-machine-\S+ is not docker-machine 0\.16\.2: try again, or install docker-machine yourself\.$/,
    );
    assert.equal(existsSync(join(folder, "two/mia/docker-machine-v0.16.2")), false);
  });

  it("is the one on PATH where that is new enough", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "docker-machine"), says("0.16.1"), { mode: 0o755 });
    const found = await prepare("ensureDockerMachine(setup)", "three", "http://127.0.0.1:9", bin);
    assert.deepEqual(found, [`✔ docker-machine: 0.16.1 (${bin}/docker-machine)`, ""]);
    writeFileSync(join(bin, "docker-machine"), says("0.8.0"));
    program = says("0.16.2");
    const [words] = await prepare("ensureDockerMachine(setup)", "three", url, bin);
    assert.equal(
      words,
      `docker-machine 0.8.0 at ${bin}/docker-machine is not used: 0.16 or newer is needed\n✔ docker-machine: 0.16.2, downloaded`,
    );
  });

  it("ends in a sentence where it can't be had", async () => {
    assert.deepEqual(await prepare("ensureDockerMachine(setup)", "four", "http://127.0.0.1:9"), [
      "✘ docker-machine is not on PATH, 127.0.0.1:9 does not answer, and there is no Go 1.26 to build it with: " +
        "install docker-machine (https://github.com/docker/machine/releases) or Go (https://go.dev/doc/install) and try again, or name another in mia:machine.binary.",
      "",
    ]);
  });

  it("is nothing that a stack without a machine of its own needs", async () => {
    assert.deepEqual(await prepare('dockerMachine(setup, "dev")', "five", "http://127.0.0.1:9"), ["", ""]);
  });
});
