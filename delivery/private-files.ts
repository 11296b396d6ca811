import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../toolchain/alive.mjs";

const prefix = "mia-private-";
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A folder that nobody else can read, for as long as `body` runs; an interrupt takes it away too, and else the next one does. */
export async function withPrivateFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${String(process.pid)}-`));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = (signal: NodeJS.Signals) => {
    remove();
    // As it would have ended without this.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.once("exit", remove);
  for (const signal of signals) process.once(signal, interrupted);
  try {
    return await body(folder);
  } finally {
    process.off("exit", remove);
    for (const signal of signals) process.off(signal, interrupted);
    remove();
  }
}

/** Writes a file that nobody else can read. */
export function writePrivate(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
}

/** What those that were killed have left. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(name.startsWith(prefix) && name.slice(prefix.length).split("-")[0]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
