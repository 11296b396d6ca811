import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Clone } from "./clone.ts";
import { eventually } from "./command.ts";
import { stopwatches } from "../../support/times.ts";
import { descendants, type Process, processesOf } from "./processes.ts";
import { every, within } from "../../support/limits.ts";
import { pause } from "../../support/pause.ts";

/** `npm run qa` as a terminal runs it: in a process group of its own, which hears the signals. */
export class QaRun {
  output = "";
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private static readonly homes = new Set<string>();

  private constructor(clone: Clone, args: readonly string[], env: NodeJS.ProcessEnv) {
    QaRun.homes.add(clone.home);
    this.child = spawn("npm", ["run", "--silent", "qa", "--", ...args], {
      cwd: clone.folder,
      env: { ...clone.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = once(this.child, "exit");
    // A QA run is an up and a destroy; it is counted as one up.
    void this.exited.finally(stopwatches.up.start());
  }

  static start(clone: Clone, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): QaRun {
    return new QaRun(clone, args, env);
  }

  /** Waits until it has said so. */
  async says(words: string): Promise<void> {
    await eventually(
      within.stage,
      () => Promise.resolve(this.output.includes(words) || this.child.exitCode !== null),
      Boolean,
    ).catch(() => undefined);
    if (!this.output.includes(words)) throw new Error(`it has not said ${words}:\n${this.output}`);
  }

  /** Sends its group a signal, unless it has ended; says whether. */
  signal(signal: NodeJS.Signals): boolean {
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined || pid <= 1 || exitCode !== null || signalCode !== null) return false;
    try {
      return process.kill(-pid, signal);
    } catch {
      return false; // it has ended just now
    }
  }

  /** All that it has started and that goes on. */
  family(): Process[] {
    const { pid } = this.child;
    return pid === undefined || this.hasEnded ? [] : descendants(pid);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Sends npm alone a signal. */
  signalNpm(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ended(): Promise<{ code: number; output: string }> {
    await this.exited;
    // What it said last is still on its way.
    await pause(every.output);
    const { exitCode, signalCode } = this.child;
    // As a shell says it: npm ends itself by a signal that it has heard.
    const code = exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode]);
    return { code, output: this.output };
  }

  /** Ends what tests that failed have left running. */
  static endAll(): void {
    for (const home of QaRun.homes) {
      for (const { pid } of processesOf(home)) process.kill(pid, "SIGKILL");
    }
  }
}

/** The last line that is not empty. */
export function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
