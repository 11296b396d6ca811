// Requires: pulumi, machines.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { command, type Ended, eventually, succeed } from "./support/command.ts";
import { freePort } from "./support/ports.ts";
import { hostImage, MachineHost, ownerLabel, sweep } from "./support/machine-host.ts";
import { within } from "../support/limits.ts";

/** docker-machine itself, with a store of its own. */
class DockerMachine {
  readonly store = mkdtempSync(join(tmpdir(), "mia-machines-"));
  private readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    // A create that fails would send its log away.
    this.env = { ...process.env, ...env, MACHINE_STORAGE_PATH: this.store, MACHINE_BUGSNAG_API_TOKEN: "no-report" };
  }

  async must(...args: string[]): Promise<string> {
    const ended = await command("docker-machine", args, { cwd: "/", env: this.env });
    assert.equal(ended.code, 0, ended.output);
    return ended.stdout.trim();
  }

  /** Runs the docker command as the machine's `env` says. */
  async docker(name: string, ...args: string[]): Promise<Ended> {
    const said = await this.must("env", "--shell", "bash", name); // where SHELL is not set it could not tell
    const variables: NodeJS.ProcessEnv = {};
    for (const [, key = "", value] of said.matchAll(/^export (\w+)="(.*)"$/gm)) variables[key] = value;
    return command("docker", args, { cwd: "/", env: { ...this.env, ...variables } });
  }

  remove(): void {
    rmSync(this.store, { recursive: true, force: true });
  }
}

const images = process.env["MIA_IMAGES"] ?? "";
/** A small image, and one that serves a page. */
const [tool, server] = [`${images}hashicorp/consul-template:0.41.1`, `${images}nginx:1.28.0`];

describe("A host of the tests", () => {
  let host: MachineHost;
  let machines: DockerMachine;

  before(async () => {
    machines = new DockerMachine();
    host = await MachineHost.start();
  });

  after(async () => {
    machines.remove();
    await host.remove();
  });

  /** That the page of what runs there is to be had here. */
  async function serves(): Promise<void> {
    const answer = await eventually(
      within.reaction,
      () => fetch(`http://${host.address}:8080/`).catch(() => undefined),
      (answer) => answer?.ok === true,
    );
    assert.match((await answer?.text()) ?? "", /nginx/);
  }

  it("is what docker-machine's generic driver makes a machine of, whose engine answers over TLS", async () => {
    const flags = [`--generic-ip-address=${host.address}`, "--generic-ssh-user=root", `--generic-ssh-key=${host.key}`];
    await machines.must("create", "--driver", "generic", ...flags, "host");
    await host.load(tool, server);
    const ran = await machines.docker("host", "run", "--rm", "--memory", "64m", tool, "-version");
    assert.match(ran.output, /consul-template v0\.41\.1/);
  });

  it("is reached by ssh, also by docker's ssh://", async () => {
    assert.equal((await host.ssh("id", "--user")).stdout, "0\n");
    const env = { ...process.env, PATH: [host.bin, process.env["PATH"]].join(delimiter) };
    const words = ["--host", `ssh://docker@${host.address}`, "image", "ls", "--quiet"];
    assert.equal((await succeed("docker", words, { cwd: "/", env })).stdout.trim().split("\n").length, 2);
  });

  it("shows what its containers publish, which is back after a reboot", async () => {
    const words = ["--detach", "--restart", "unless-stopped", "--publish", "8080:80", server];
    assert.equal((await machines.docker("host", "run", ...words)).code, 0);
    await serves();
    await host.reboot();
    await serves();
    assert.equal((await machines.docker("host", "version")).code, 0);
  });

  it("keeps its data when its power is cut", async () => {
    await host.must("volume", "create", "kept");
    await host.cutPower();
    assert.equal(await machines.must("status", "host"), "Stopped");
    await host.start();
    assert.deepEqual((await host.remains()).slice(1), ["volume kept"]);
    await serves();
  });

  it("reaches ports of this machine's loopback that are forwarded", async () => {
    const here = createServer((_, response) => response.end("here"));
    const port = await freePort();
    here.listen(port, "127.0.0.1");
    await once(here, "listening");
    try {
      await host.forward(port);
      assert.equal(await host.run("curl", "--silent", `http://127.0.0.1:${String(port)}/`), "here");
    } finally {
      here.close();
    }
  });

  it("can stop its engine alone, and get another address", async () => {
    await host.stopEngine();
    assert.notEqual((await host.docker("version")).code, 0);
    assert.equal((await host.ssh("true")).code, 0);
    await host.startEngine();
    const before = host.address;
    await host.move();
    assert.notEqual(host.address, before);
    await serves();
  });
});

describe("What a run that was killed has left", () => {
  it("is taken away by the next", async function () {
    const dead = spawnSync("true").pid;
    const name = `mia-machine-host-${String(dead)}`;
    const made = ["--label", `${ownerLabel}=${String(dead)}`];
    const docker = (...args: string[]) => succeed("docker", args, { cwd: "/", env: process.env });
    const left = async () => [
      (await docker("container", "ls", "--all", "--quiet", "--filter", `name=${name}`)).stdout,
      (await docker("network", "ls", "--quiet", "--filter", `name=${name}`)).stdout,
      existsSync(join(tmpdir(), name)),
    ];
    mkdirSync(join(tmpdir(), name));
    writeFileSync(join(tmpdir(), name, "owner"), String(dead));
    await docker("network", "create", ...made, name);
    await docker("create", "--name", name, "--network", name, ...made, await hostImage());
    assert.ok((await left()).every(Boolean));
    await sweep();
    assert.deepEqual(await left(), ["", "", false]);
  });
});
