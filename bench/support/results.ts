import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { rounds } from "./median.ts";

/** One figure beside that of a peer. */
export interface Figure {
  readonly name: string;
  readonly unit: "s" | "ms" | "requests/s" | "failed requests" | "MiB";
  /** Undefined where it was not measured in this run. */
  readonly ours: number | undefined;
  /** Who is measured beside it, such as `docker compose up -d`; nobody where left out. */
  readonly beside?: string;
  readonly peer?: number | undefined;
  /** The ratio that it is not to exceed. @default none */
  readonly goal?: number;
}

/** A figure as results.json keeps it. */
interface Result {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly ratio: number | null;
  readonly goal: number | null;
}

const folder = join(import.meta.dirname, "..");
const json = join(folder, "results.json");
const page = join(folder, "RESULTS.md");

/**
 * Keeps what a benchmark has found: in results.json in the place of its earlier figures, and as its table in RESULTS.md. What
 * stands there beside the tables stays: the notes.
 */
export function keep(benchmark: string, title: string, figures: readonly Figure[], count = rounds): void {
  const table = tableOf(figures);
  console.log(`${title}\n${table}`);
  if (rounds < 5) {
    console.log("Not kept: MIA_BENCH_ROUNDS is less than 5.");
    return;
  }
  const found = figures.flatMap((figure) => resultOf(benchmark, figure));
  const others = read().filter(({ name }) => !name.startsWith(`${benchmark}: `));
  // By name, so that a run of one benchmark moves nothing else.
  const all = [...others, ...found].sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
  writeFileSync(json, `[\n${all.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
  const text = existsSync(page) ? readFileSync(page, "utf8") : "# What the benchmarks found\n";
  writeFileSync(
    page,
    withSection(
      text,
      benchmark,
      title,
      `${table}\n\n${circumstances}, ${count === 1 ? "once" : `median of ${String(count)}`}\n`,
    ),
  );
}

/** A figure that an earlier benchmark has kept, by its whole name. */
export function kept(name: string): Pick<Result, "ours" | "peer"> | undefined {
  return read().find((result) => result.name === name);
}

/** JSON knows no infinity: a figure that is too much of nothing has no ratio there, but its `ours`, `peer` and `goal`. */
function finite(ratio: number | undefined): number | null {
  return ratio === undefined || ratio === Infinity ? null : ratio;
}

function of({ name }: Result): string {
  return name.slice(0, name.indexOf(":"));
}

function read(): Result[] {
  return existsSync(json) ? (JSON.parse(readFileSync(json, "utf8")) as Result[]) : [];
}

function resultOf(benchmark: string, figure: Figure): Result[] {
  const { name, unit, ours, peer, goal } = figure;
  if (ours === undefined) return [];
  return [
    {
      name: `${benchmark}: ${name}`,
      unit,
      ours: rounded(ours),
      peer: peer === undefined ? null : rounded(peer),
      ratio: finite(ratioOf(figure)),
      goal: goal ?? null,
    },
  ];
}

/** What ours costs for one of the peer's: of requests in a second, more is better. */
function ratioOf({ unit, ours, peer }: Figure): number | undefined {
  if (ours === undefined || peer === undefined) return undefined;
  const [cost, other] = unit === "requests/s" ? [peer, ours] : [ours, peer];
  // Of nothing, any more is too much.
  if (other === 0) return cost === 0 ? 1 : Infinity;
  return rounded(cost / other);
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures
    .filter(({ ours }) => ours !== undefined)
    .map((figure) => {
      const { name, unit, ours = NaN, beside = "", peer, goal } = figure;
      const ratio = ratioOf(figure);
      const reached = ratio === undefined || goal === undefined ? "" : ratio <= goal ? " ✔" : " ✘";
      return [
        name,
        `${shown(ours)} ${unit}`,
        peer === undefined ? "" : `${shown(peer)} ${unit}`,
        beside,
        `${ratio === Infinity ? "∞" : (ratio?.toFixed(2) ?? "")}${reached}`,
        goal === undefined ? "" : `≤ ${String(goal)}`,
      ];
    });
  const head = ["what", "mia", "peer", "the peer", "ratio", "goal"];
  return [head, ["---", "---:", "---:", "---", "---:", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** The section of a benchmark, between marks; a new one goes to the end. */
function withSection(text: string, benchmark: string, title: string, body: string): string {
  const [begin, end] = [`<!-- begin: ${benchmark} -->`, `<!-- end: ${benchmark} -->`];
  const section = `${begin}\n\n${body}\n${end}`;
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) return `${text.trimEnd()}\n\n## ${title}\n\n${section}\n`;
  return `${before}${section}${after}`;
}

/** When, on what and by which versions the tables are made; asked at the start, since then is the time to fail. */
const circumstances = (() => {
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 1024 ** 3);
  const of = (name: string, ...args: string[]) => {
    return /\d+\.\d+[.\d]*/.exec(execFileSync(name, args, { encoding: "utf8" }))?.[0] ?? "?";
  };
  const [compose = "docker", ...words] = (process.env["MIA_COMPOSE"] ?? "docker compose").split(" ");
  const versions = [
    ["Docker", of("docker", "--version")],
    ["engine", of("dockerd", "--version")],
    ["Compose", of(compose, ...words, "version", "--short")],
    ["Pulumi", of("pulumi", "version")],
    ["Node", process.versions.node],
  ];
  const machine = `${String(cpus().length)} cores, ${String(memory)} GiB`;
  return `${date}, ${machine}; ${versions.map((version) => version.join(" ")).join(", ")}`;
})();
