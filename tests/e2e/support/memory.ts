import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, eventually, succeed } from "./command.ts";
import { within } from "../../support/limits.ts";

/** Goes into the cgroup and writes to memory, in steps, until the kernel has killed somebody there. It is small itself. */
const script = `
  group=$1 events=$2 file=$3
  killed() { grep '^oom_kill ' "$events"; }
  echo $$ > "$group/cgroup.procs"
  before=$(killed)
  while [ "$(killed)" = "$before" ]; do head -c 1048576 /dev/zero >> "$file"; done`;

/**
 * Takes memory in a container's cgroup from outside until the kernel kills a process there, as it does when what runs in it
 * needs too much. The container's own are made the ones to choose from; of those it takes the largest, as ever. `pid` is the
 * container's main process; `folder` is where the memory is mounted meanwhile.
 */
export async function exhaust(pid: number, folder: string): Promise<void> {
  const group = memoryGroup(pid);
  const events = ["memory.oom_control", "memory.events"].map((name) => join(group, name)).find(existsSync);
  if (events === undefined) throw new Error(`${group} does not say whom the kernel kills`);
  const own = readFileSync(join(group, "cgroup.procs"), "utf8").trim().split("\n");
  const memory = mkdtempSync(join(folder, "memory-"));
  const options = { cwd: "/", env: process.env, seconds: 60 };
  await succeed("mount", ["-t", "tmpfs", "-o", "size=4g", "tmpfs", memory], options);
  try {
    for (const one of own) prefer(one, 1000);
    // Where what was killed had too little to give, this is killed next.
    const { output } = await command("sh", ["-c", script, "sh", group, events, join(memory, "taken")], options);
    const left = () => Promise.resolve(own.filter((one) => existsSync(`/proc/${one}`)).length);
    await eventually(within.change, left, (count) => count < own.length).catch((error: unknown) => {
      throw new Error(`nobody was killed in ${group}: ${output}`, { cause: error });
    });
  } finally {
    await succeed("umount", [memory], options);
    rmdirSync(memory);
    for (const one of own) prefer(one, 0);
  }
}

/** How much rather the kernel kills this process than others. */
function prefer(pid: string, howMuch: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(howMuch));
  } catch (error) {
    // It has ended meanwhile.
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** The folder of a process's memory cgroup, of the first or the second kind. */
function memoryGroup(pid: number): string {
  const groups = readFileSync(`/proc/${String(pid)}/cgroup`, "utf8");
  const first = /^\d+:memory:(.+)$/m.exec(groups)?.[1];
  if (first !== undefined) return join("/sys/fs/cgroup/memory", first);
  return join("/sys/fs/cgroup", /^0::(.+)$/m.exec(groups)?.[1] ?? "");
}
