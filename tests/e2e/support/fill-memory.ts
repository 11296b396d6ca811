// Goes into a container's cgroup from outside and takes memory there until the kernel kills somebody for it, as it does when
// what runs there needs too much; it is never killed itself. Its argument is the pid of a process of the container.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const step = 4 * 2 ** 20;
const group = memoryGroup(process.argv[2] ?? "");
const count = ["memory.oom_control", "memory.events"].map((name) => join(group, name)).find(existsSync) ?? "";

writeFileSync("/proc/self/oom_score_adj", "-1000");
writeFileSync(join(group, "cgroup.procs"), String(process.pid));
const before = killed();
const taken: Buffer[] = [];
const take = () => {
  if (killed() > before) {
    console.log(`${String((taken.length * step) / 2 ** 20)} MiB more than it had`);
    return;
  }
  taken.push(Buffer.alloc(step, 1));
  setTimeout(take, 5);
};
take();

/** How many processes of the cgroup the kernel has killed. */
function killed(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync(count, "utf8"))?.[1]);
}

/** The folder of a process's memory cgroup, of the first or the second kind. */
function memoryGroup(pid: string): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const first = /^\d+:memory:(.+)$/m.exec(groups)?.[1];
  if (first !== undefined) return join("/sys/fs/cgroup/memory", first);
  return join("/sys/fs/cgroup", /^0::(.+)$/m.exec(groups)?.[1] ?? "");
}
