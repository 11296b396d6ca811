import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, eventually } from "./command.ts";
import { exhaust } from "./memory.ts";
import { allProcesses, descendants, kill } from "./processes.ts";
import { TestEngine } from "./test-engine.ts";
import { within } from "../../support/limits.ts";

const prefix = "mia-engine-";
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
/** Where the programs of an engine are looked for: first the tested version, or only what the distribution has installed. */
const programs = { tested: [process.env["MIA_TEST_ENGINE"], path].filter(Boolean).join(":"), distribution: path };

/** What a test decides about an engine of its own. */
export interface EngineOptions {
  /** Whether it begins without an image, as a new user's engine does. @default false: it has the platform's images */
  readonly empty?: boolean;
  /** Which engine: the version that the tests provide, or the distribution's, the oldest that is supported. @default "tested" */
  readonly version?: keyof typeof programs;
}
/** How many there can be, and how many networks each can have. */
const engines = 16;
// Docker's own pool, where an engine that was started again has to take its networks from.
const secondPool = "172.16.0.0/12";

/** An engine's networks. */
function pool(number: number): string {
  return `10.214.${String(number * engines)}.0/20`;
}

/**
 * What lets networks of a pool through, since these engines touch no firewall themselves. Each has its own: another's end takes
 * none of them away. Also the machine's name server has to be found: to ask for a name that is not there lasts for seconds otherwise.
 */
function rules(networks: string): string[][] {
  return [
    ["filter", "FORWARD", "-s", networks, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-d", networks, "-j", "ACCEPT"],
    ["nat", "POSTROUTING", "-s", networks, "!", "-d", networks, "-j", "MASQUERADE"],
  ];
}

/**
 * A Docker engine of a test's own: own data, socket and bridge, so that it can be filled, killed and thrown away
 * while the machine's engine and all that runs there stays as it is. Linux and root only.
 */
export class OwnEngine extends TestEngine {
  readonly folder: string;
  readonly host: string;
  /** The machine's address on the engine's own bridge. */
  readonly address: string;
  private readonly number: number;
  private process: ChildProcess | undefined;
  private hasRun = false;

  private readonly path: string;
  /** Whether it is Docker Engine 20.10, the distribution's. */
  private readonly is20: boolean;

  private constructor(folder: string, number: number, version: keyof typeof programs) {
    super();
    this.path = programs[version];
    this.is20 = versionOf(this.path).startsWith("20.");
    this.folder = folder;
    this.number = number;
    this.host = `unix://${folder}/docker.sock`;
    this.address = `10.214.${String(number * engines + engines - 1)}.1`;
  }

  private static common: Promise<OwnEngine> | undefined;

  /** Removes what a borrower of the shared engine has on it. */
  private static evict: (() => Promise<void>) | undefined;

  /** One that the files of a lane use in turn, empty: what was pulled and built for one file is there for the next. */
  static async shared(): Promise<OwnEngine> {
    const evict = OwnEngine.evict;
    OwnEngine.evict = undefined;
    await evict?.();
    OwnEngine.common ??= OwnEngine.start();
    return OwnEngine.common;
  }

  /** Lends the shared engine to more than one file: `evict` is called before the next file gets it. */
  static lendTo(evict: () => Promise<void>): void {
    OwnEngine.evict = evict;
  }

  /** Takes the shared one away, if there is one, and those of processes that have ended. */
  static async removeShared(): Promise<void> {
    const { common, evict } = OwnEngine;
    OwnEngine.common = OwnEngine.evict = undefined;
    await evict?.();
    const engine = await common;
    await engine?.remove();
    await sweep();
  }

  /** Starts one, with a disk of its own. */
  static async start({ empty = false, version = "tested" }: EngineOptions = {}): Promise<OwnEngine> {
    await sweep();
    const folder = mkdtempSync(join(tmpdir(), prefix));
    writeFileSync(join(folder, "owner"), String(process.pid));
    // Other test files may be at it at this moment: the first who makes the bridge has the number.
    let number = 0;
    while (!tryTo("ip", "link", "add", bridge(number), "type", "bridge")) {
      if (++number === engines)
        throw new Error(`there are ${String(engines)} test engines already, or no bridge can be made`);
    }
    writeFileSync(join(folder, "number"), String(number));
    mountDisk(folder, empty || version !== "tested" ? undefined : process.env["MIA_TEST_DISK"]);
    const engine = new OwnEngine(folder, number, version);
    sh("ip", "address", "add", `${engine.address}/24`, "dev", bridge(number));
    sh("ip", "link", "set", bridge(number), "up");
    addRules(rules(pool(number)));
    // Engine 20.10 has its id from a key that all engines of a host share.
    const settings = engine.is20 ? { "deprecated-key-path": join(engine.folder, "key.json") } : {};
    writeFileSync(join(engine.folder, "daemon.json"), JSON.stringify(settings));
    try {
      await engine.run();
    } catch (error) {
      await engine.remove();
      throw error;
    }
    return engine;
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  /** Starts the engine's process; also after `kill`. */
  async run(): Promise<void> {
    if (this.hasRun && !existsSync(join(this.folder, "again"))) {
      writeFileSync(join(this.folder, "again"), "");
      addRules(rules(secondPool));
    }
    const log = openSync(join(this.folder, "log"), "a");
    const args = [
      ["--data-root", this.data],
      ["--exec-root", join(this.folder, "exec")],
      ["--pidfile", join(this.folder, "pid")],
      ["--host", this.host],
      ["--bridge", bridge(this.number)],
      // An engine that starts again with this would delete the host's own docker0 (removeDefaultBridgeInterface).
      this.hasRun ? [] : ["--default-address-pool", `base=${pool(this.number)},size=24`],
      ["--iptables=false", "--ip6tables=false", "--ip-masq=false"],
      ["--config-file", join(this.folder, "daemon.json")],
    ].flat();
    this.hasRun = true;
    this.process = spawn("dockerd", args, { env: { ...process.env, PATH: this.path }, stdio: ["ignore", log, log] });
    // After a kill it first ends what it has left running.
    await eventually(
      within.boot,
      () => this.docker("version", "--format", "{{.Server.Version}}"),
      ({ code }) => code === 0,
    ).catch((error: unknown) => {
      const lines = read(join(this.folder, "log")).split("\n").slice(-20).join("\n");
      throw new Error(`the test's own engine did not start; its last log lines:\n${lines}`, { cause: error });
    });
  }

  /** Runs the docker command against this engine. */
  docker(...args: string[]) {
    return command("docker", ["--host", this.host, ...args], { cwd: "/", env: process.env });
  }

  /** Kills a container's main process, as nobody but the kernel can; says which it was. */
  async killMain(container: string): Promise<number> {
    const pid = await this.mainOf(container);
    process.kill(pid, "SIGKILL");
    return pid;
  }

  private async mainOf(container: string): Promise<number> {
    const state = await this.must("inspect", "--format", "{{.State.Pid}} {{json .State}}", container);
    const pid = Number(state.split(" ")[0]);
    // 0 would be this process and all of its group.
    if (!(pid > 1)) throw new Error(`${container} does not run: ${state}`);
    return pid;
  }

  /** Takes memory in a container until the kernel kills one of its processes for it. */
  async exhaustMemory(container: string): Promise<void> {
    await exhaust(await this.mainOf(container), this.folder);
  }

  /** Empties a volume, as a disk does that is lost. */
  async empty(volume: string): Promise<void> {
    const folder = await this.must("volume", "inspect", "--format", "{{.Mountpoint}}", volume);
    if (!folder.startsWith(`${this.data}/volumes/`)) throw new Error(`${folder} is not the engine's own`);
    for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
  }

  /** Fills its disk to the last byte; answers with how to make room again. */
  fillDisk(): () => void {
    const { bavail, bsize } = statfsSync(this.data);
    const [most, rest] = [join(this.data, "most"), join(this.data, "rest")] as const;
    sh("fallocate", "--length", String(Math.floor(bavail * bsize * 0.98)), most);
    // Until there is no more.
    tryTo("dd", "if=/dev/zero", `of=${rest}`, "bs=4k");
    return () => {
      for (const file of [rest, most]) rmSync(file);
    };
  }

  /** Ends the engine as a power cut would, and leaves its containers' processes to its next start. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { process } = this;
    if (process?.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((done) => process.once("exit", done));
    process.kill(signal);
    await ended;
    // Its containerd dies with it; but where nobody waits for that one's end, the next start would take it for alive.
    rmSync(join(this.folder, "exec/containerd/containerd.pid"), { force: true });
  }

  /** Engine 20.10 may keep a network's endpoint that belongs to no container any more, until it starts again. */
  override async clear(): Promise<void> {
    try {
      await super.clear();
    } catch (error) {
      if (!this.is20) throw error;
      await this.kill("SIGTERM");
      await this.run();
      await super.clear();
    }
  }

  /**
   * Ends the engine and moves its disk into a file, with the images that it has and nothing else: engines that start with a
   * copy of it have those images at once.
   */
  async keepDisk(file: string): Promise<void> {
    await this.clear();
    await this.kill("SIGTERM");
    // An engine's identity and networks are its own.
    for (const own of ["engine-id", "network"]) rmSync(join(this.data, own), { recursive: true, force: true });
    sh("umount", this.data);
    // cp, since the file may be on another disk.
    sh("cp", "--sparse=always", join(this.folder, "disk"), `${file}.new`);
    renameSync(`${file}.new`, file);
    clean(this.folder);
  }

  /** Takes everything away that `start` made. */
  async remove(): Promise<void> {
    await this.clear();
    await this.kill("SIGTERM");
    clean(this.folder);
  }
}

/** The version of the first engine in these folders: `20.10.24`. */
function versionOf(folders: string): string {
  const said = execFileSync("dockerd", ["--version"], { encoding: "utf8", env: { ...process.env, PATH: folders } });
  return /version ([\d.]+)/.exec(said)?.[1] ?? "";
}

/** The one that an engine's containers are on by default. */
function bridge(number: number): string {
  return `mia-test${String(number)}`;
}

function addRules(added: readonly string[][]): void {
  for (const [table = "", ...rule] of added) sh("iptables", "-t", table, "-I", ...rule);
}

/** Takes away the engines whose owner is gone: what runs that were killed have left, and what mocha's workers had. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const owner = read(join(folder, "owner"));
    if (owner === "" || isAlive(owner)) continue;
    const engine = read(join(folder, "pid"));
    if (isAlive(engine) && read(`/proc/${engine}/cmdline`).includes(folder)) {
      process.kill(Number(engine), "SIGTERM");
      await eventually(
        within.recovery,
        () => Promise.resolve(isAlive(engine)),
        (alive) => !alive,
      );
    }
    clean(folder);
  }
}

/** Puts a disk where the engine's data will be: a copy of another one, or an empty one of 10 GiB. */
function mountDisk(folder: string, copied: string | undefined): void {
  const [disk, data] = [join(folder, "disk"), join(folder, "data")] as const;
  if (copied === undefined) {
    sh("truncate", "--size=10G", disk);
    sh("mkfs.ext4", "-q", "-m", "0", disk);
  } else sh("cp", "--sparse=always", copied, disk);
  mkdirSync(data);
  sh("mount", "-o", "loop", disk, data);
}

function clean(folder: string): void {
  // An engine that was killed may have lost track of a container: what watches that one waits for it for ever.
  const watchers = allProcesses().filter(({ commandLine }) =>
    commandLine.includes(`\0${folder}/exec/containerd/containerd.sock\0`),
  );
  for (const { pid } of watchers) descendants(pid, { itself: true }).reverse().forEach(kill);
  for (const line of readFileSync("/proc/mounts", "utf8").split("\n").reverse()) {
    const target = line.split(" ")[1] ?? "";
    if (target.startsWith(`${folder}/`)) tryTo("umount", "--lazy", target);
  }
  const kept = join(folder, "number");
  const number = Number(read(kept));
  const added = existsSync(join(folder, "again")) ? rules(secondPool) : [];
  // Others may clean up after the same engine at this moment, and another engine may have its number by the time they do.
  if (isTaken(kept)) {
    tryTo("ip", "link", "delete", bridge(number));
    for (const [table = "", ...rule] of [...rules(pool(number)), ...added])
      tryTo("iptables", "-t", table, "-D", ...rule);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Takes a file away; says whether it was this process that did. */
function isTaken(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: string): boolean {
  return pid !== "" && existsSync(`/proc/${pid}`);
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

function sh(name: string, ...args: string[]): void {
  execFileSync(name, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: path },
  });
}

/** Whether it succeeded. */
function tryTo(name: string, ...args: string[]): boolean {
  try {
    sh(name, ...args);
    return true;
  } catch {
    return false;
  }
}
