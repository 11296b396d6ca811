import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a docker command answered; a command that fails is an answer too. */
export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  /** Why it failed: the last line that it said. */
  readonly why: string;
}

/** Runs the docker command against an engine, or against the current one where `host` is undefined. */
export function docker(host: string | undefined, ...args: string[]): Promise<Answer> {
  const options = { maxBuffer: 64 * 1024 * 1024 };
  return new Promise((done) => {
    execFile("docker", [...at(host), ...args], options, (error, stdout, stderr) => {
      done({ ok: error === null, stdout: stdout.trim(), why: lastLine(stderr) || (error?.message ?? "") });
    });
  });
}

/** The same for a command that takes long: hands every line on as it comes. */
export function dockerLines(host: string, args: string[], onLine: (line: string) => void): Promise<Answer> {
  return new Promise((done) => {
    const child = spawn("docker", [...at(host), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        onLine(line);
      });
    }
    child.on("error", (error) => {
      done({ ok: false, stdout: "", why: error.message });
    });
    child.on("close", (code) => {
      done({ ok: code === 0, stdout: lines.join("\n"), why: lines.at(-1) ?? "" });
    });
  });
}

function at(host: string | undefined): string[] {
  return host === undefined ? [] : ["--host", host];
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
