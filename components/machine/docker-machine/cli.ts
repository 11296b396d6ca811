import { spawn } from "node:child_process";
import type { DockerMachineSettings } from "../../../platform/machine.ts";

/** A machine that can't be had, in one sentence with the way out. */
export class MachineError extends Error {}

/** What the command answered. */
export interface Said {
  readonly ok: boolean;
  readonly stdout: string;
  /** All that it said of a failure, in one line and without secrets. */
  readonly why: string;
}

type Who = Pick<DockerMachineSettings, "binary" | "secrets">;

/** Runs docker-machine; `onLine` hears what it says meanwhile. It is ended after so many seconds. */
export function dockerMachine(
  { binary, secrets }: Who,
  args: readonly string[],
  { seconds = 60, onLine = () => undefined }: { seconds?: number; onLine?: (line: string) => void } = {},
): Promise<Said> {
  // A create that fails would send its log to its maker.
  const env = { ...process.env, ...secrets, MACHINE_BUGSNAG_API_TOKEN: "no-report" };
  const hidden = (text: string) =>
    Object.values(secrets).reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), text);
  return new Promise((done) => {
    const child = spawn(binary, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // spawn's own timeout would keep this process alive where there is no such command.
      signal: AbortSignal.timeout(seconds * 1000),
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const last = chunk.toString().trimEnd().split("\n").at(-1) ?? "";
      if (last !== "") onLine(hidden(last));
    });
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", ({ name, message }) => {
      done({ ok: false, stdout, why: name === "AbortError" ? `no end in ${String(seconds)} s` : message });
    });
    child.on("close", (code, signal) => {
      const told = [
        stderr
          .trim()
          .split(/\s*\n\s*/)
          .join(" "),
        stdout.trim().split("\n").at(-1),
        signal,
      ];
      const said = told.find((words) => words) ?? "";
      done({ ok: code === 0, stdout: stdout.trim(), why: hidden(said.replace(/^Error[^:"]*: /, "").slice(0, 600)) });
    });
  });
}
