import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { hung } from "../support/limits.ts";
import type { Spent } from "../support/times.ts";
import type { Setup } from "./requirements.ts";
import type { FileTime } from "./table.ts";

/** How a lane ended. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly times: readonly FileTime[];
}

/** Where lanes keep their logs and counts. */
const folder = ".mia/tests";

/** A file of unknown length is taken to be this long, in seconds. */
const usual = 60;

export function nameOf(file: string): string {
  return basename(file, ".test.ts");
}

/**
 * Distributes units of files over lanes so that all lanes end at about the same time: the longest unit first, each to the lane
 * that has the least to do. The files of a unit stay together, in their order.
 */
export function balance(units: readonly (readonly string[])[], seconds: ReadonlyMap<string, number>, count: number) {
  const length = (unit: readonly string[]) => {
    return unit.reduce((total, file) => total + (seconds.get(nameOf(file)) ?? usual), 0);
  };
  const lanes = Array.from({ length: count }, () => ({ files: [] as string[], seconds: 0 }));
  for (const unit of [...units].sort((a, b) => length(b) - length(a))) {
    const [least] = [...lanes].sort((a, b) => a.seconds - b.seconds);
    least?.files.push(...unit);
    if (least !== undefined) least.seconds += length(unit);
  }
  return lanes.map((lane) => lane.files).filter((lane) => lane.length > 0);
}

/** Runs the files of one lane one after the other in a process of its own. Alone, it has the terminal; else its log has all. */
export function runLane(setup: Setup, lane: string, files: readonly string[], alone = false): Promise<Result> {
  mkdirSync(folder, { recursive: true });
  const counts = join(folder, `${lane}.json`);
  rmSync(counts, { force: true });
  const timeout = ["--timeout", `${String(hung.test)}s`];
  const args = ["node_modules/mocha/bin/mocha.js", "--reporter", "tests/reporter.cjs", ...timeout, ...files];
  const child = spawn("node", args, {
    env: {
      ...setup.env,
      PULUMI_ERROR_OUTPUT_STRING: "1",
      MIA_TEST_COUNTS: counts,
      ...(alone ? {} : { MIA_TEST_PROGRESS: "1" }),
      MIA_TEST_LANE: /\d+$/.exec(lane)?.[0] ?? "0",
    },
    stdio: ["ignore", alone ? "inherit" : "pipe", "pipe"],
  });
  child.stdout?.pipe(createWriteStream(join(folder, `${lane}.log`)));
  // Failures and the end of each file; interleaved lines of other lanes don't tear them.
  child.stderr?.on("data", (chunk: Buffer) => process.stderr.write(chunk));
  return new Promise((done) => {
    child.on("close", (code) => {
      done(readResult(lane, counts, code));
    });
  });
}

function readResult(lane: string, counts: string, code: number | null): Result {
  if (!existsSync(counts)) {
    process.stderr.write(`✘ ${lane}: mocha ended without results (exit ${String(code)})\n`);
    return { passed: 0, failed: 1, times: [] };
  }
  const said = JSON.parse(readFileSync(counts, "utf8")) as {
    passed: number;
    failed: number;
    ended: boolean;
    files: Record<string, Spent>;
  };
  if (!said.ended) process.stderr.write(`✘ ${lane}: mocha ended before its last test (exit ${String(code)})\n`);
  return {
    passed: said.passed,
    failed: said.failed + (said.ended ? 0 : 1),
    times: Object.entries(said.files).map(([name, spent]) => ({ name, lane, ...spent })),
  };
}

/** The results of several lanes as one. */
export function add(...results: readonly Result[]): Result {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    times: results.flatMap(({ times }) => times),
  };
}
