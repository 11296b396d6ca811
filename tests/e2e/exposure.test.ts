// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { type Base, bases } from "../../platform/catalogue/common.ts";
import { frontends } from "../../platform/catalogue/frontends.ts";
import * as infrastructure from "../../platform/catalogue/infrastructure.ts";
import { microservices } from "../../platform/catalogue/microservices.ts";
import { type Confinement, writableForSecrets } from "../../platform/confinement.ts";
import { wholeServices } from "../../platform/service.ts";
import type { Clone } from "./support/clone.ts";
import { figures } from "./support/figures.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { developer, SharedPlatform } from "./support/shared-platform.ts";
import { parts } from "./support/parts.ts";
import { listening, type Listening } from "./support/sockets.ts";

/** What `docker inspect` shows of a container, as far as it matters here. */
interface Inspected {
  readonly Config: { readonly Labels: Record<string, string> };
  readonly State: { readonly Pid: number };
  readonly HostConfig: { readonly Memory: number };
  readonly NetworkSettings: { readonly Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

/** A part as it runs. */
interface Part {
  readonly name: string;
  readonly pid: number;
  readonly memoryMib: number;
  readonly published: readonly { inside: string; address: string; port: number }[];
  readonly listening: readonly Listening[];
  readonly processes: readonly Process[];
}

interface Process {
  readonly name: string;
  readonly uid: number;
  /** The capabilities that it has and those that it could get, as the kernel writes sets of them. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
}

describe("What is exposed", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;
  let running: Part[];

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
    // A search makes all of them do their work.
    for (const path of ["/user/health", "/catalog/search?q=nobody", "/keepwww/", "/keeplounge/"])
      assert.equal((await fetch(clone.url("http", path))).status, 200, path);
    running = await look();
  });

  after(async () => {
    await platform.restore();
  });

  async function look(): Promise<Part[]> {
    const ids = (await engine.must("ps", "--quiet")).split("\n");
    const all = JSON.parse(await engine.must("inspect", ...ids)) as Inspected[];
    return all
      .map(({ Config, State, HostConfig, NetworkSettings }) => ({
        name: Config.Labels["mia.part"] ?? "",
        pid: State.Pid,
        memoryMib: HostConfig.Memory / 2 ** 20,
        published: Object.entries(NetworkSettings.Ports).flatMap(([inside, hosts]) =>
          (hosts ?? []).map(({ HostIp, HostPort }) => ({ inside, address: HostIp, port: Number(HostPort) })),
        ),
        listening: listening(State.Pid),
        processes: processesIn(State.Pid),
      }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  it("to other hosts is nothing: every port is published on loopback, and refused at each other address of the machine", async () => {
    assert.deepEqual(
      running.map(({ name }) => name),
      parts,
    );
    const published = running.flatMap((part) => part.published);
    // All six that dev has, so that there is something to refuse.
    assert.equal(published.length, 6);
    assert.deepEqual([...new Set(published.map(({ address }) => address))], ["127.0.0.1"]);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, scopeid }) => (scopeid ? `${address}%${nameOfInterface(address)}` : address));
    assert.ok(others.length > 0);
    const tcp = published.filter(({ inside }) => inside.endsWith("/tcp"));
    const answers = async (hosts: string[]) =>
      Promise.all(
        hosts.flatMap((host) => tcp.map(async ({ port }) => [`${host} ${String(port)}`, await reach(host, port)])),
      );
    assert.deepEqual(
      (await answers(["127.0.0.1"])).filter(([, answer]) => answer !== "connected"),
      [],
    );
    assert.deepEqual(
      (await answers(others)).filter(([, answer]) => answer !== "ECONNREFUSED"),
      [],
    );
    // UDP refuses nobody: what the kernel has there is bound to loopback alone.
    const udp = published.filter(({ inside }) => inside.endsWith("/udp")).map(({ port }) => port);
    const bound = listening(process.pid).filter(({ protocol, port }) => protocol === "udp" && udp.includes(port));
    assert.deepEqual(
      bound.map(({ address }) => address),
      ["127.0.0.1"],
    );
  });

  it("of root and of the kernel is what the catalogue gives a reason for, and nothing else", () => {
    for (const { name, processes, pid, memoryMib } of running) {
      const { root, writable } = allowed(name);
      assert.ok(processes.length > 0, name);
      for (const one of processes) {
        const what = `${name}: ${one.name}`;
        assert.deepEqual(new Set(one.capabilities), new Set(["0000000000000000"]), what);
        assert.ok(one.noNewPrivileges, what);
        assert.equal(one.uid === 0, root !== undefined, `${what} runs as ${String(one.uid)}`);
      }
      assert.equal(isReadOnly(pid), writable === undefined, name);
      assert.ok(memoryMib > 0, name);
    }
  });

  it("of the machine is its engine's socket, to registrator alone", () => {
    const with_ = running.filter(({ pid }) => mounts(pid).some((line) => line.includes("docker.sock")));
    assert.deepEqual(
      with_.map(({ name }) => name),
      ["registrator"],
    );
  });

  it("of a developer's folders is what he lets himself do with them: services run as he", async () => {
    for (const name of Object.keys(services)) {
      const { processes = [] } = running.find((part) => part.name === name) ?? {};
      assert.deepEqual([...new Set(processes.map(({ uid }) => uid))], [developer], name);
    }
    const args = ["services", "frontend", "!", "-user", String(developer)];
    assert.equal((await clone.run("find", args)).stdout, "");
  });

  it("stays as it is: right after the up and after a refresh there is nothing to do", async () => {
    await clone.mustPulumi("preview", "--expect-no-changes");
    await clone.mustPulumi("refresh", "--yes", "--skip-preview");
    await clone.mustPulumi("preview", "--expect-no-changes");
  });

  it("is this", () => {
    figures("exposure", [
      [
        "part",
        "listens inside, to the platform's own network",
        "the machine publishes, on 127.0.0.1",
        "runs as",
        "root folder",
        "memory",
        "why not less",
      ],
      ...running.map((part) => {
        const { root, writable } = allowed(part.name);
        const users = [
          ...new Set(
            part.processes.map(({ uid }) => (uid === developer ? "the folder's owner" : nameOfUser(part.pid, uid))),
          ),
        ];
        return [
          `\`${part.name}\``,
          ports(part.listening),
          part.published.map(({ inside }) => inside.replace("/tcp", "")).join(", ") || "–",
          users.join(", "),
          isReadOnly(part.pid) ? "read-only" : "writable where its user may",
          `${String(part.memoryMib)} MiB`,
          [root, writable].filter((reason) => reason !== undefined).join("; ") || "–",
        ];
      }),
    ]);
  });
});

const services = wholeServices(microservices, frontends);

/** What the catalogue lets a part do, and why. */
function allowed(name: string): Confinement {
  const service = services[name];
  if (service !== undefined) {
    const base: Base = bases[service.base];
    const secrets = service.uses.some((used) => used === "db" || used === "rmq");
    return { ...base.confinement, ...(secrets ? { writable: writableForSecrets } : {}) };
  }
  const definitions: Readonly<Record<string, object>> = infrastructure;
  const { confinement = {} } = (definitions[name] ?? {}) as { confinement?: Confinement };
  return ["db", "rmq"].includes(name) ? { ...confinement, writable: writableForSecrets } : confinement;
}

/** Those of a container whose main process this is. */
function processesIn(main: number): Process[] {
  const namespace = identity(main);
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && identity(Number(pid)) === namespace)
    .flatMap((pid) => {
      const status = read(`/proc/${pid}/status`);
      const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? "";
      if (status === "" || field("State") === "Z") return [];
      const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(field);
      const noNewPrivileges = field("NoNewPrivs") === "1";
      return [{ name: field("Name"), uid: Number(field("Uid")), capabilities, noNewPrivileges }];
    });
}

/** Which container a process is in. */
function identity(pid: number): string {
  return /\/docker\/\w+/.exec(read(`/proc/${String(pid)}/cgroup`))?.[0] ?? "";
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // its process has ended meanwhile
  }
}

function mounts(pid: number): string[] {
  return readFileSync(`/proc/${String(pid)}/mountinfo`, "utf8")
    .trim()
    .split("\n");
}

function isReadOnly(pid: number): boolean {
  const root = mounts(pid)
    .map((line) => line.split(" "))
    .find((fields) => fields[4] === "/");
  assert.ok(root !== undefined);
  return root[5]?.split(",").includes("ro") ?? false;
}

function nameOfUser(pid: number, uid: number): string {
  if (uid === 0) return "root, without its capabilities";
  const users = `/proc/${String(pid)}/root/etc/passwd`;
  const lines = existsSync(users) ? readFileSync(users, "utf8").split("\n") : [];
  return lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0] ?? String(uid);
}

/** Ports that an own choice of the kernel's made are another at each start. */
function ports(all: readonly Listening[]): string {
  const open = all.filter(({ address, port }) => !address.startsWith("127.") && port < 32_768);
  const words = open.map(
    ({ protocol, port, process }) => `${String(port)}${protocol === "udp" ? "/udp" : ""} ${process}`,
  );
  return [...new Set(words)].sort((a, b) => Number.parseInt(a) - Number.parseInt(b)).join(", ") || "nowhere";
}

function nameOfInterface(address: string): string {
  return Object.entries(networkInterfaces()).find(([, all]) => all?.some((one) => one.address === address))?.[0] ?? "";
}

/** What comes of a connection: `connected`, or the kernel's word. */
function reach(host: string, port: number): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: 3000 });
    socket.once("connect", () => {
      socket.destroy();
      done("connected");
    });
    socket.once("timeout", () => {
      socket.destroy();
      done("no answer");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      done(error.code ?? error.message);
    });
  });
}
