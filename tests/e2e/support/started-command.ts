import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { CommandOptions } from "./command.ts";
import { stopwatchOf } from "../../support/times.ts";
import { descendants, type Process } from "./processes.ts";
import { every } from "../../support/limits.ts";
import { pause } from "../../support/pause.ts";

/** A command that a test looks at while it goes on; without a terminal. */
export class StartedCommand {
  output = "";
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;

  constructor(name: string, args: readonly string[], { cwd, env }: Pick<CommandOptions, "cwd" | "env">) {
    this.child = spawn(name, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = once(this.child, "exit");
    const stop = stopwatchOf(name, args)?.start();
    if (stop !== undefined) void this.exited.finally(stop);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Itself and all that it has started, as it is now. */
  family(): Process[] {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`it can't be run:\n${this.output}`);
    return descendants(pid, { itself: true });
  }

  /** Waits for its end; what it has left running may still hold its output. Answers with its exit code. */
  async ended(): Promise<number> {
    await this.exited;
    // What it said last is still on its way.
    await pause(every.output);
    return this.child.exitCode ?? 128;
  }
}
