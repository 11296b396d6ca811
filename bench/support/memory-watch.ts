import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Clone } from "../../tests/e2e/support/clone.ts";
import { processesOf } from "../../tests/e2e/support/processes.ts";

/** The most memory that Pulumi, its plugins and the program have had at once, by the name of what runs. */
export class MemoryWatch {
  private readonly most = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  /** Watches what runs in the environment of a clone's user, until it is stopped. */
  constructor({ home }: Clone) {
    this.timer = setInterval(() => {
      for (const { pid, commandLine } of processesOf(home)) {
        const name = basename(commandLine.split("\0")[0] ?? "");
        this.most.set(name, Math.max(this.most.get(name) ?? 0, mibOf(pid)));
      }
    }, 200);
  }

  /** Ends it; answers with MiB. */
  stop(): Map<string, number> {
    clearInterval(this.timer);
    return this.most;
  }
}

function mibOf(pid: number): number {
  try {
    const kib = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0; // it has ended meanwhile
  }
}
