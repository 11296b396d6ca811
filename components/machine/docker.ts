import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a docker command answered; a command that fails is an answer too. */
export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  /** Why it failed: the last line that it said. */
  readonly why: string;
}

/**
 * How a docker command reaches an engine: DOCKER_HOST and others of its environment variables, beside this process's. None
 * means the one that it talks to by itself.
 */
export type Address = Readonly<Record<string, string>>;

/** Runs the docker command against an engine; one that has not answered in half a minute does not answer. */
export function docker(address: Address, ...args: string[]): Promise<Answer> {
  return dockerWithInput(undefined, address, ...args);
}

/** The same with what it reads on its standard input, where nobody else sees it. */
export function dockerWithInput(input: string | undefined, address: Address, ...args: string[]): Promise<Answer> {
  const options = {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
    killSignal: "SIGKILL" as const,
    env: { ...process.env, ...address },
  };
  return new Promise((done) => {
    const child = execFile("docker", args, options, (error, stdout, stderr) => {
      done({
        ok: error === null,
        stdout: stdout.trim(),
        why: lastLine(stderr) || (error?.killed ? "no answer in 30 s" : (error?.message ?? "")),
      });
    });
    // It may end without reading.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** The same for a command that takes long: hands every line on as it comes. */
export function dockerLines(
  address: Address,
  args: string[],
  onLine: (line: string) => void = () => undefined,
): Promise<Answer> {
  return new Promise((done) => {
    const child = spawn("docker", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...address },
    });
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

/** What a container has said at last, in both of its streams and in their order. */
export async function lastLogLines(address: Address, id: string): Promise<string> {
  const logs = await dockerLines(address, ["container", "logs", "--tail", "20", id]);
  return logs.stdout || "(none)";
}

/** Docker's own summary of several containers, after the reason of each, says nothing. */
function lastLine(text: string): string {
  const lines = text.trimEnd().split("\n");
  return lines.filter((line) => !line.startsWith("Error: failed to start containers: ")).at(-1) ?? "";
}
