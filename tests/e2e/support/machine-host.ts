import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { contentHash } from "../../../delivery/content-hash.mjs";
import { buildBase, prefix as offlinePrefix } from "../../../toolchain/offline/images.mjs";
import { newSetup } from "../../../toolchain/steps.mjs";
import { command, type Ended, eventually, succeed } from "./command.ts";
import type { OwnEngine } from "./own-engine.ts";
import { TestEngine } from "./test-engine.ts";
import { within } from "../../support/limits.ts";

/** How to make the container. */
export const recipe = join(import.meta.dirname, "machine-host");
/** On what this machine's engine keeps for a test: the id of the process that takes it away again. */
export const ownerLabel = "mia.test-owner";

const prefix = "mia-machine-host-";
const options = { cwd: "/", env: process.env };

/**
 * Another computer, as docker-machine and ssh find one: a container with systemd, an ssh server and a Docker engine of its
 * own, at an address that this machine reaches directly, as it does every port that is published there. Linux only.
 */
export class MachineHost extends TestEngine {
  /** The container. */
  readonly name: string;
  /** The private key that root and the user `docker` there take, made for this test. */
  readonly key: string;
  /** A folder for PATH: its `ssh` knows that key, and trusts the host at first sight. */
  readonly bin: string;
  private where = "";
  private readonly folder: string;
  private readonly tunnels: ChildProcess[] = [];

  /** One that runs in this container; its key is in the folder. */
  protected constructor(name: string, folder: string) {
    super();
    this.name = name;
    this.folder = folder;
    this.key = join(folder, "key");
    this.bin = join(folder, "bin");
  }

  /** Makes one and waits until it can be used. */
  static async start(): Promise<MachineHost> {
    await sweep();
    const folder = ownFolder(prefix);
    const host = new MachineHost(basename(folder), folder);
    try {
      const labels = ["--label", `${ownerLabel}=${String(process.pid)}`];
      const subnet = await network(host.name, labels);
      const place = ["--hostname", "machine-host", "--network", host.name, "--ip", `${subnet}.2`];
      const create = [join(recipe, "create"), await hostImage(), host.name, ...place, ...labels];
      await succeed("bash", ["-c", `"$@" < "$0.pub"`, host.key, ...create], options);
      await host.start();
    } catch (error) {
      await host.remove();
      throw error;
    }
    return host;
  }

  /** One that somebody else has made, with the keys that this folder has. */
  static async at(container: string, folder: string): Promise<MachineHost> {
    const host = new MachineHost(container, folder);
    await host.ready();
    return host;
  }

  /** Where this machine reaches it. */
  get address(): string {
    return this.where;
  }

  /** Where it reaches this machine. */
  get gateway(): string {
    return this.where.replace(/\d+$/, "1");
  }

  docker(...args: string[]): Promise<Ended> {
    return command("docker", ["exec", this.name, "docker", ...args], options);
  }

  /** Runs a command of root's there, but not over the network. */
  run(...words: string[]): Promise<string> {
    return outside("exec", this.name, ...words);
  }

  /** Runs a shell command there over ssh, as root. */
  ssh(...words: string[]): Promise<Ended> {
    return command(join(this.bin, "ssh"), [`root@${this.address}`, ...words], options);
  }

  /** Copies images there that this machine's engine has, or can pull: faster than over the network. */
  async load(...images: string[]): Promise<void> {
    await this.loadFrom(undefined, ...images);
  }

  /** The same from a test's own engine. */
  async loadFrom(engine: OwnEngine | undefined, ...images: string[]): Promise<void> {
    const from = engine === undefined ? [] : ["--host", engine.host];
    const there = (await this.must("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
    const missing = images.filter((image) => !there.includes(image));
    if (missing.length === 0) return;
    for (const image of missing) {
      const here = await command("docker", [...from, "image", "inspect", image], options);
      if (here.code !== 0) await outside(...from, "pull", image);
    }
    const copy = 'docker "$@" | docker exec --interactive "$0" docker load';
    await succeed("sh", ["-c", copy, this.name, ...from, "save", ...missing], options);
  }

  /** Lets it reach a port of this machine's loopback at the same of its own, until it is stopped. */
  async forward(port: number): Promise<void> {
    const both = `127.0.0.1:${String(port)}:127.0.0.1:${String(port)}`;
    const words = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", both, `root@${this.address}`];
    this.tunnels.push(spawn(join(this.bin, "ssh"), words, { stdio: "ignore" }));
    await eventually(
      within.change,
      () => command("docker", ["exec", this.name, "bash", "-c", `: < /dev/tcp/127.0.0.1/${String(port)}`], options),
      ({ code }) => code === 0,
    );
  }

  /** Lets its engine trust a registry by the certificate of its CA. */
  async trust(registry: string, certificate: string): Promise<void> {
    const script = 'mkdir -p "/etc/docker/certs.d/$1" && echo "$2" > "/etc/docker/certs.d/$1/ca.crt"';
    await this.run("sh", "-c", script, "sh", registry, certificate);
  }

  /** Switches it on, and waits until it can be used. */
  async start(): Promise<void> {
    await outside("start", this.name);
    await this.ready();
  }

  /** Shuts it down in good order. */
  async stop(): Promise<void> {
    await outside("stop", "--time", "60", this.name);
  }

  /** Takes its power away. */
  async cutPower(): Promise<void> {
    await outside("kill", this.name);
  }

  /** Has it reboot itself, and waits until it can be used. */
  async reboot(): Promise<void> {
    const before = await this.startedAt();
    await command("docker", ["exec", this.name, "systemctl", "reboot"], options);
    await eventually(
      within.start,
      () => this.startedAt(),
      (now) => now !== before,
    );
    await this.ready();
  }

  /** Lets it answer nothing any more, as behind a cable that was cut, until `resume`. */
  async pause(): Promise<void> {
    await outside("pause", this.name);
  }

  async resume(): Promise<void> {
    await outside("unpause", this.name);
  }

  /** Gives it another address, which it is told at once and keeps. */
  async move(): Promise<void> {
    const next = this.address.replace(/\d+$/, (last) => String(Number(last) + 1));
    const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}";
    const network = await outside("inspect", "--format", format, this.name);
    await outside("network", "disconnect", network, this.name);
    await outside("network", "connect", "--ip", next, network, this.name);
    await this.ready();
  }

  /** Stops its engine alone. */
  async stopEngine(): Promise<void> {
    await this.run("systemctl", "stop", "docker");
  }

  async startEngine(): Promise<void> {
    await this.run("systemctl", "reset-failed", "docker"); // tests start and stop it more often than systemd takes for healthy
    await this.run("systemctl", "start", "docker");
  }

  /** Takes it away, with all that is on it. */
  async remove(): Promise<void> {
    for (const tunnel of this.tunnels) tunnel.kill();
    await command("docker", ["rm", "--force", "--volumes", this.name], options);
    await command("docker", ["network", "rm", this.name], options);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Waits until its ssh server and its engine answer. */
  private async ready(): Promise<void> {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    this.where = await outside("inspect", "--format", format, this.name);
    try {
      await eventually(within.start, () => greeting(this.where), Boolean);
      await eventually(
        within.start,
        () => this.docker("version"),
        ({ code }) => code === 0,
      );
    } catch (error) {
      const { output } = await command("docker", ["exec", this.name, "journalctl", "--lines", "20"], options);
      throw new Error(`${this.name} did not start; its last log lines:\n${output}`, { cause: error });
    }
  }

  private startedAt(): Promise<string> {
    return outside("inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", this.name).then((state) =>
      state.startsWith("true") ? state : "",
    );
  }
}

/** A folder of a test's own, known by its name, with a key in it and an `ssh` that uses it. */
export function ownFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  writeFileSync(join(folder, "owner"), String(process.pid));
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key]);
  const settings = [`IdentityFile ${key}`, "IdentitiesOnly yes", `UserKnownHostsFile ${join(folder, "known_hosts")}`];
  const manners = ["StrictHostKeyChecking accept-new", "LogLevel ERROR", "BatchMode yes", "ConnectTimeout 10"];
  writeFileSync(join(folder, "ssh_config"), [...settings, ...manners, ""].join("\n"));
  mkdirSync(join(folder, "bin"));
  const ssh = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "bin/ssh"), `#!/bin/sh\nexec ${ssh} -F '${join(folder, "ssh_config")}' "$@"\n`, {
    mode: 0o755,
  });
  return folder;
}

/** The image of such computers, built where it is not there: its name holds a hash of what it is made of. */
export async function hostImage(): Promise<string> {
  // Where no image registry answers, the base that the platform's images were made of.
  const offline = process.env["MIA_IMAGES"] === offlinePrefix;
  const base = offline ? ["--build-arg", `DEBIAN=${await buildBase(newSetup({ quiet: true }))}`] : [];
  const image = `mia-test-machine-host:${contentHash([join(recipe, "Dockerfile"), join(recipe, "init")], ...base)}`;
  if ((await command("docker", ["image", "inspect", image], options)).code === 0) return image;
  const built = await succeed("docker", ["build", ...base, "--tag", image, recipe], options);
  console.error(`      (the image of the tests' machines was built in ${built.seconds.toFixed(1)} s)`);
  return image;
}

/** Makes a network with a range that nobody here has; says how its addresses begin. */
async function network(name: string, labels: string[]): Promise<string> {
  for (let subnet = 1; subnet < 255; subnet++) {
    const start = `10.215.${String(subnet)}`;
    const made = await command("docker", ["network", "create", "--subnet", `${start}.0/24`, ...labels, name], options);
    if (made.code === 0) return start;
    if (!/overlap/i.test(made.output)) throw new Error(made.output);
  }
  throw new Error("every network of 10.215.0.0/16 is taken");
}

/** What the ssh server at an address says first, or nothing. */
function greeting(address: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (text: string) => {
      socket.destroy();
      done(text);
    };
    socket.once("data", (data) => {
      end(data.toString());
    });
    for (const event of ["error", "timeout", "end"]) {
      socket.once(event, () => {
        end("");
      });
    }
  });
}

/** Runs the docker command against this machine's engine. */
async function outside(...args: string[]): Promise<string> {
  return (await succeed("docker", args, options)).stdout.trim();
}

/** What runs that were killed have left: computers, networks and folders whose owner is gone. */
export async function sweep(): Promise<void> {
  const isAlive = (pid: string) => pid !== "" && existsSync(`/proc/${pid}`);
  const label = `{{.Label "${ownerLabel}"}}`;
  const list = async (kind: string, ...args: string[]) =>
    (await outside(kind, "ls", ...args, "--filter", `label=${ownerLabel}`, "--format", `{{.ID}} ${label}`))
      .split("\n")
      .map((line) => line.split(" "))
      .flatMap(([id, owner]) => (!id || isAlive(owner ?? "") ? [] : [id]));
  for (const id of await list("container", "--all")) await outside("rm", "--force", "--volumes", id);
  for (const id of await list("network")) await outside("network", "rm", id);
  for (const name of readdirSync(tmpdir()).filter((entry) => /^mia-(machine-host|virtualbox)-/.test(entry))) {
    const owner = join(tmpdir(), name, "owner");
    if (!existsSync(owner) || isAlive(readFileSync(owner, "utf8"))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
