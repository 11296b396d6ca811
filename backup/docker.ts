import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { run, SetupError } from "../toolchain/steps.mjs";
import type { Setup } from "./stack.ts";

/** A docker command that runs. */
export interface Running {
  readonly input: Writable;
  readonly output: Readable;
  /** Rejects with a SetupError where it fails. */
  readonly ended: Promise<void>;
  end(): void;
}

/** Starts a docker command on the stack's engine; it hears no Ctrl-C but by `signal`. `what` begins the sentence of its failure. */
export function start({ env }: Setup, args: readonly string[], what: string, signal?: AbortSignal): Running {
  const child = spawn("docker", args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  // It may end without reading.
  child.stdin.on("error", () => undefined);
  const end = () => {
    child.kill();
  };
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  const ended = new Promise<void>((done, fail) => {
    child.once("error", (error) => {
      fail(new SetupError(`${what} failed (${error.message}).`));
    });
    child.once("close", (code) => {
      signal?.removeEventListener("abort", end);
      if (code === 0) done();
      else fail(new SetupError(`${what} failed (${lastLine(said) || `exit ${String(code)}`}).`));
    });
  });
  // Who waits for it may still be at what it writes.
  ended.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, ended, end };
}

/** Starts a command in a container. */
export function startIn(
  setup: Setup,
  { id }: { id: string },
  command: readonly string[],
  what: string,
  signal?: AbortSignal,
): Running {
  return start(setup, ["exec", "--interactive", id, ...command], what, signal);
}

/** Runs a docker command to its end; answers with what it printed. @throws SetupError where it fails. */
export async function docker(setup: Setup, args: readonly string[], what: string): Promise<string> {
  const { code, stdout, stderr, reason } = await run("docker", args, { env: setup.env, detached: true });
  if (code === 0) return stdout.trim();
  throw new SetupError(`${what} failed (${lastLine(stderr) || reason}).`);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
