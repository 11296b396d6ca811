import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** Those of this machine, as they are now. */
export function allProcesses(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(read);
}

/** A process's children and theirs, as they are now; with the process itself where that is asked for. */
export function descendants(pid: number, { itself = false } = {}): Process[] {
  const all = allProcesses();
  const below = (parent: number): Process[] => {
    return all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  };
  return [...(itself ? all.filter((one) => one.pid === pid) : []), ...below(pid)];
}

/** Kills a process as nobody but the kernel can; one that has ended meanwhile is as good. */
export function kill({ pid }: Process): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Those that run in an environment with this folder as HOME, but for those that nobody waits for any more. */
export function processesOf(home: string): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(`HOME=${home}`))
    .flatMap(read);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // it has ended meanwhile, or is the kernel's
  }
}

/** Whether it still runs, and is not another that got its number. */
export function isRunning({ pid, commandLine }: Process): boolean {
  return read(String(pid)).some((now) => now.commandLine === commandLine);
}

function read(pid: string): Process[] {
  try {
    const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return [{ pid: Number(pid), parent: Number(parent), commandLine }];
  } catch {
    return []; // it has ended meanwhile
  }
}
