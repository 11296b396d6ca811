// A command of ours with all that it starts: its children and theirs, also those in groups of their own, and those that it
// has left behind.
//
// All of them carry a mark in their environment. The system shows that to whom a process belongs, so each can be found and
// ended also after whoever started it was killed, and another that has got its number is never taken for it.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { root, run, SetupError } from "./steps.mjs";

const variable = "MIA_RUN";

/** The set-up for commands that belong to a family, and hear no Ctrl-C in the terminal. */
export function marked(setup, mark) {
  return { ...setup, env: { ...setup.env, [variable]: mark }, detached: true };
}

/**
 * Runs a command in a process group of its own, so that a Ctrl-C reaches it once, and by us: as one SIGINT when `signal` is
 * aborted. Who has not ended `graceSeconds` later, or `seconds` after the start, is ended with all that it has started; and
 * when it has ended, so are those that it has left. With a `log`, that gets what it says too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, mark: string, log?: string, signal?: AbortSignal, seconds?: number, graceSeconds?: number }} options
 * @returns {Promise<{ code: number, output: string, late: boolean, killed: boolean }>}
 */
export async function runFamily(command, args, { env, mark, log, signal, seconds, graceSeconds = 30 }) {
  const stdio = log === undefined ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { cwd: root, env: { ...env, [variable]: mark }, detached: true, stdio });
  const result = { code: 0, output: "", late: false, killed: false };
  const hear = (chunk, stream) => {
    stream.write(chunk);
    result.output += stripVTControlCharacters(chunk.toString());
    appendFileSync(log, stripVTControlCharacters(chunk.toString()));
  };
  child.stdout?.on("data", (chunk) => hear(chunk, process.stdout));
  child.stderr?.on("data", (chunk) => hear(chunk, process.stderr));
  const closed = new Promise((done) => child.once("close", done));
  const ended = new Promise((done, fail) => {
    child.once("error", (error) => fail(new SetupError(`${command} can't be run: ${error.message}`)));
    child.once("exit", (code, by) => {
      // By us, or by the kernel where memory is short: either way it could not tidy up.
      if (by !== null) {
        result.killed = true;
        result.output += `\nerror: ${command} was ended by ${by}\n`;
      }
      done(code ?? 128);
    });
  });

  const timers = [];
  let killing;
  const killAfter = (time, how) =>
    timers.push(
      setTimeout(() => {
        Object.assign(result, how, { killed: true });
        killing = endFamily(mark).catch(() => {}); // it is tried again below
      }, time * 1000),
    );
  const interrupt = () => {
    child.kill("SIGINT");
    killAfter(graceSeconds, {});
  };
  if (seconds !== undefined) killAfter(seconds, { late: true });
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt);
  try {
    result.code = await ended;
  } finally {
    timers.forEach(clearTimeout);
    signal?.removeEventListener("abort", interrupt);
  }
  // To its end: it would take the next command for one that is left.
  await killing;
  await endFamily(mark);
  // Who holds the other end of its output even now is not of the family.
  await Promise.race([closed, sleep(1000)]);
  return result;
}

/** Ends whoever carries the mark, with all that they have started. */
export async function endFamily(mark) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const left = await family(mark);
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new SetupError(`The process ${left.join(", ")} can't be ended: end it, and try again.`);
    for (const pid of left) kill(pid);
    await sleep(50);
  }
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** The numbers of those that carry the mark, and of their children and theirs, who may have dropped it. */
async function family(mark) {
  const all = existsSync("/proc/self/environ") ? fromProc() : await fromPs();
  const found = new Set(all.filter(({ marks }) => marks.includes(`${variable}=${mark}`)).map(({ pid }) => pid));
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter((pid) => pid > 1 && pid !== process.pid);
}

function fromProc() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"));
        // A zombie only waits for its parent to notice.
        if (state === "Z") return [];
        const marks = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
        return [{ pid: Number(name), parent: Number(parent), marks }];
      } catch {
        return []; // it has ended meanwhile, or is another user's
      }
    });
}

/** The same where there is no /proc, as on macOS: there, ps shows the environment behind the command. */
async function fromPs() {
  const { stdout } = await run("ps", ["-axEww", "-o", "pid=,ppid=,command="]);
  return stdout.split("\n").map((line) => {
    const [pid, parent, ...words] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), marks: words };
  });
}

/** When a process that runs was started, which tells it from another that gets its number. */
export async function startOf(pid) {
  if (!existsSync("/proc/self/stat")) {
    return (await run("ps", ["-o", "lstart=", "-p", String(pid)])).stdout.trim() || undefined;
  }
  try {
    const [state, ...values] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
    return state === "Z" ? undefined : values[18];
  } catch {
    return undefined;
  }
}
