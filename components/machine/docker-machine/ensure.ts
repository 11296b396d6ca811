import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { tlsAddress } from "../addresses.ts";
import { docker } from "../docker.ts";
import { dockerMachine, MachineError } from "./cli.ts";
import { type Look, lookAt } from "./look.ts";
import { machineFolder, readRecord, type Record, storePath, withStore, writeRecord } from "./store.ts";
import { wayOut } from "./ways-out.ts";

/** A machine whose engine answers, and what is written down of it. */
export interface Ready {
  readonly look: Look & { kind: "well" };
  readonly record: Record;
}

/** What a machine is to be. */
export interface Wanted {
  readonly settings: DockerMachineSettings;
  /** What it is made with. */
  readonly flags: readonly string[];
}

/** Hears what goes on: a line when something begins, and all that docker-machine says meanwhile. */
export interface Listener {
  begins(doing: string): void;
  says(line: string): void;
}

const longest = 1800;

/**
 * Makes sure of a machine: one that is not there is made, one that is off is started, and one that does not do its work is
 * provisioned again, whoever has made it. That it works is proven by its engine over TLS alone.
 * @throws MachineError in one sentence.
 */
export function ensureMachine(wanted: Wanted, listener: Listener): Promise<Ready> {
  return withStore(async () => {
    const { settings, flags } = wanted;
    const { name } = settings;
    const record = readRecord(name);
    let look = await lookAt(settings);
    if (mayGo(wanted, record, look)) {
      listener.begins(`removing the machine ${name}`);
      await remove(settings);
      look = { kind: "absent" };
    }
    if (look.kind === "absent") await create(wanted, listener);
    else if (look.kind !== "well") await repair(settings, look, listener);
    if (look.kind !== "well") look = await lookAt(settings);
    if (look.kind !== "well") throw new MachineError(unwell(settings, look));
    const known = readRecord(name) ?? { id: randomUUID(), made: false, flags: [...flags] };
    writeRecord(name, known);
    return { look, record: known };
  });
}

/** Whether the machine is one of ours that is to be replaced, or of which VirtualBox has nothing any more. */
function mayGo({ settings, flags }: Wanted, record: Record | undefined, look: Look): boolean {
  if (record?.made !== true) return false;
  return look.kind === "gone" || (isChanged(flags, record) && isConfirmed(settings, record));
}

/** Whether it is to be made of something else than it was: there is no resize. */
export function isChanged(flags: readonly string[], record: Record): boolean {
  return record.made && record.flags.join("\n") !== flags.join("\n");
}

/** Whether the config says that it may go with its data: by its id, so that it is said of no other. */
export function isConfirmed({ replace }: DockerMachineSettings, { id }: Record): boolean {
  return replace !== undefined && replace === shortId(id);
}

/** As a config names a machine. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

async function create({ settings, flags }: Wanted, listener: Listener): Promise<void> {
  const { name } = settings;
  await probeSsh(settings);
  listener.begins(`making the machine ${name} (docker-machine create ${flags.join(" ")} ${name})`);
  // As soon as it is there it is known to be ours, also if this is killed.
  const id = randomUUID();
  const note = () => {
    if (existsSync(machineFolder(name)) && readRecord(name) === undefined)
      writeRecord(name, { id, made: true, flags: [...flags] });
  };
  const watch = setInterval(note, 50);
  const made = await dockerMachine(settings, ["create", ...flags, name], {
    seconds: longest,
    onLine: (line) => {
      listener.says(line);
    },
  }).finally(() => {
    clearInterval(watch);
  });
  if (made.ok) {
    note();
    return;
  }
  // What docker-machine has written down of the other's machine would let its `rm` delete that.
  if (/createvm.*already exists/i.test(made.why)) rmSync(machineFolder(name), { recursive: true, force: true });
  const again = `\`${settings.binary} ls\` may say more; the next \`up\` tries to mend it.`;
  throw new MachineError(`The machine ${name} could not be made (${made.why}): ${wayOut(made.why, again)}`);
}

async function repair(settings: DockerMachineSettings, look: Look, listener: Listener): Promise<void> {
  const { name, binary } = settings;
  const run = async (...args: string[]) => {
    const done = await dockerMachine(settings, args, {
      seconds: longest,
      onLine: (line) => {
        listener.says(line);
      },
    });
    return done.ok ? undefined : done.why;
  };
  if (look.kind === "stopped") {
    listener.begins(`starting the machine ${name}`);
    const failed = await run("start", name);
    if (failed !== undefined) {
      const way = failed.includes("does not support start")
        ? "switch its computer on, then try again."
        : `see \`${binary} start ${name}\`.`;
      throw new MachineError(`The machine ${name} is ${look.why} and can't be started (${failed}): ${way}`);
    }
  }
  if (look.kind === "broken") throw new MachineError(unwell(settings, look));
  const lost = "why" in look && look.why.includes("no such file or directory") && forgetClientCertificate();
  const steps = [
    // Of an engine that is off, both of the others would wait for minutes that somebody starts it.
    ["ssh", name, "sudo systemctl reset-failed docker && sudo systemctl start docker || sudo /etc/init.d/docker start"],
    // Certificates for where it is now, and the engine started anew with them.
    ["regenerate-certs", "--force", ...(lost ? ["--client-certs"] : []), name],
    ["provision", name],
  ];
  for (const [i, step] of steps.entries()) {
    if ((await lookAt(settings)).kind === "well") return;
    if (i === 0) listener.begins(`mending the machine ${name}`);
    await run(...step);
  }
}

/** Where one of the pair is lost, the other is in the way of another pair, which the store's authority can make; says whether it can. */
function forgetClientCertificate(): boolean {
  const file = (name: string) => join(storePath(), "certs", name);
  if (!["ca.pem", "ca-key.pem"].every((name) => existsSync(file(name)))) return false;
  if (["cert.pem", "key.pem"].every((name) => existsSync(file(name)))) return false;
  for (const name of ["cert.pem", "key.pem"]) rmSync(file(name), { force: true });
  return true;
}

function unwell({ name, binary }: DockerMachineSettings, look: Look): string {
  if (look.kind === "broken") {
    return `The machine ${name} can't be read by docker-machine (${look.why}): \`${binary} rm --force ${name}\` forgets it, and nothing else.`;
  }
  const why = "why" in look ? look.why : "it is not there";
  return `The machine ${name} does not do its work, and could not be mended (${why}): see \`${binary} ssh ${name}\` and \`${binary} env ${name}\`.`;
}

/**
 * Takes a machine away if we have made it, and it is that one; says why not otherwise.
 * @throws MachineError where another platform than this lives on it too.
 */
export function removeMachine(
  settings: DockerMachineSettings,
  id: string,
  platform: string,
): Promise<string | undefined> {
  return withStore(async () => {
    const { name } = settings;
    const record = readRecord(name);
    if (record === undefined) return `the machine ${name} is not ours, or is gone already`;
    if (record.id !== id) return `the machine ${name} is another by now`;
    if (!record.made) return `the machine ${name} was there before, so it stays`;
    const others = await othersOn(settings, platform);
    if (others.length > 0) {
      throw new MachineError(
        `The machine ${name} can't be removed, since ${others.join(" and ")} live${others.length > 1 ? "" : "s"} on it too: take that down first.`,
      );
    }
    await remove(settings);
    return undefined;
  });
}

/** Other platforms of ours on it; none where it can't be asked. */
async function othersOn(settings: DockerMachineSettings, platform: string): Promise<string[]> {
  const look = await lookAt(settings);
  if (look.kind !== "well") return [];
  const address = tlsAddress(look.host, look.certificates);
  const format = '{{.Label "mia.platform"}}';
  const { stdout } = await docker(address, "ps", "--all", "--filter", "label=mia.platform", "--format", format);
  return [...new Set(stdout.split("\n"))].filter((name) => name !== "" && name !== platform).sort();
}

async function remove(settings: DockerMachineSettings): Promise<void> {
  const { name, binary } = settings;
  // Without -y and a terminal it would remove nothing, and say nothing.
  const removed = await dockerMachine(settings, ["rm", "-y", name], { seconds: 300 });
  if (removed.ok && !existsSync(machineFolder(name))) return;
  throw new MachineError(`The machine ${name} can't be removed (${removed.why}): see \`${binary} rm ${name}\`.`);
}

/** Asks a host's ssh server first, since docker-machine would ask for minutes. */
async function probeSsh({ machineDriver, options }: DockerMachineSettings): Promise<void> {
  const text = (name: string, fallback: string) => String(options[`generic-${name}`] ?? fallback);
  const host = text("ip-address", "");
  if (machineDriver !== "generic" || host === "") return;
  const key = text("ssh-key", "");
  if (key !== "" && !existsSync(key)) return; // it says so itself
  const manners = [
    "BatchMode=yes",
    "ConnectTimeout=8",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
  ];
  const login = key === "" ? [] : ["-i", key, "-o", "IdentitiesOnly=yes"];
  const args = [...manners.flatMap((one) => ["-o", one]), ...login, "-p", text("ssh-port", "22")];
  const [failed, said] = await new Promise<[boolean, string]>((done) => {
    execFile(
      "ssh",
      [...args, `${text("ssh-user", "root")}@${host}`, "true"],
      { timeout: 20_000 },
      (error, _, stderr) => {
        const missing = (error as NodeJS.ErrnoException | null)?.code === "ENOENT"; // docker-machine has an ssh of its own
        done([error !== null && !missing, stderr.trim().split("\n").at(-1) ?? ""]);
      },
    );
  });
  if (!failed) return;
  const way = /denied|publickey/i.test(said)
    ? "correct mia:machine.options.generic-ssh-user or generic-ssh-key"
    : "start it, or correct mia:machine.options.generic-ip-address or generic-ssh-port";
  throw new MachineError(
    `No machine can be made at ${host}, whose ssh server does not let us in (${said || "no answer"}): ${way}.`,
  );
}
