import { readdirSync, readFileSync } from "node:fs";

/** What the process list has shown, and what was in the processes' environments, while it watched: as root sees it. */
export class ProcessWatch {
  private readonly lines = new Set<string>();
  private readonly environments = new Set<string>();
  private over = false;
  private readonly watching: Promise<void>;

  private constructor() {
    this.watching = this.watch();
  }

  static start(): ProcessWatch {
    return new ProcessWatch();
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.watching;
  }

  /** All command lines. */
  commandLines(): string {
    return [...this.lines].join("\n");
  }

  /** The environments of those that run with this folder as HOME, or of all others. */
  environmentsOf(home: string, others: boolean): string {
    return [...this.environments].filter((one) => one.split("\0").includes(`HOME=${home}`) !== others).join("\n");
  }

  private async watch(): Promise<void> {
    while (!this.over) {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        this.lines.add(read(`/proc/${pid}/cmdline`).replaceAll("\0", " "));
        this.environments.add(read(`/proc/${pid}/environ`));
      }
      await new Promise((resume) => setTimeout(resume, 50).unref()); // a test that fails may forget it
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended meanwhile, or is the kernel's
  }
}
