import { spawn } from "node:child_process";
import { eventually as poll } from "../../../acceptance/eventually.ts";
import { stopwatches, stopwatchOf } from "../../support/times.ts";
import { commandSeconds } from "../../support/limits.ts";

/** Polls until the answer is right, or fails with the last one after so many seconds. */
export function eventually<T>(seconds: number, ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  return stopwatches.wait.during(() => poll(seconds, ask, isIt));
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface CommandOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Killed after this many seconds. @default 300 */
  seconds?: number;
}

/** Runs a command to its end, without a terminal; what it says is shown only when a test fails. */
export function command(name: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { cwd, env, seconds = commandSeconds.usual } = options;
  const from = Date.now();
  const stop = stopwatchOf(name, args)?.start();
  return new Promise<Ended>((done) => {
    const child = spawn(name, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // spawn's own timeout would keep this process alive where there is no such command.
      signal: AbortSignal.timeout(seconds * 1000),
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on("error", ({ name, message }) => {
      const said = name === "AbortError" ? `(no end in ${String(seconds)} s)` : message;
      done({ code: 127, stdout, output: `${output}\n${said}`, seconds: (Date.now() - from) / 1000 });
    });
    child.on("close", (code, signal) => {
      if (signal !== null) output += `\n(ended by ${signal})`;
      done({ code: code ?? 128, stdout, output, seconds: (Date.now() - from) / 1000 });
    });
  }).finally(() => stop?.());
}

/** The same, for a command that has to succeed. */
export async function succeed(name: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const ended = await command(name, args, options);
  if (ended.code !== 0) {
    throw new Error(`${name} ${args.join(" ")} in ${options.cwd}: exit ${String(ended.code)}\n${ended.output}`);
  }
  return ended;
}
