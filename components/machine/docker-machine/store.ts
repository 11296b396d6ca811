import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../../toolchain/alive.mjs";
import { MachineError } from "./cli.ts";

/** What we know of a machine, in its own folder of docker-machine's store, so that it goes with it. */
export interface Record {
  /** Tells it from every other that had its name, or will have it. */
  readonly id: string;
  /** Whether we have made it: what we have not made is never taken away. */
  readonly made: boolean;
  /** What it was made with. */
  readonly flags: readonly string[];
  /** Its engine, once it has answered. */
  readonly engine?: { readonly host: string; readonly id: string; readonly platform: string };
}

/** docker-machine's store. */
export function storePath(): string {
  return process.env["MACHINE_STORAGE_PATH"] ?? join(homedir(), ".docker/machine");
}

/** A machine's folder there. */
export function machineFolder(name: string): string {
  return join(storePath(), "machines", name);
}

/** What we have written down of it; undefined where nothing. */
export function readRecord(name: string): Record | undefined {
  const file = recordFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record) : undefined;
}

/** Writes it down, whole or not at all. */
export function writeRecord(name: string, record: Record): void {
  const fresh = `${recordFile(name)}.${String(process.pid)}`;
  writeFileSync(fresh, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(fresh, recordFile(name));
}

function recordFile(name: string): string {
  return join(machineFolder(name), "mia.json");
}

/** Runs `body` while nobody else of us changes the store: docker-machine itself has no lock. */
export async function withStore<T>(body: () => Promise<T>, seconds = 1800): Promise<T> {
  mkdirSync(storePath(), { recursive: true });
  const file = join(storePath(), "mia.lock");
  const deadline = Date.now() + seconds * 1000;
  while (!take(file)) {
    if (Date.now() > deadline) {
      throw new MachineError(
        `The store ${storePath()} is held by the process ${holder(file)}: wait for its end, or end it.`,
      );
    }
    await sleep(200);
  }
  try {
    return await body();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // Whoever was killed has left it.
    if (holder(file) !== "" && !isAlive(Number(holder(file)))) rmSync(file, { force: true });
    return false;
  }
}

function holder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // given back just now
  }
}
