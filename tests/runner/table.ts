import type { Spent } from "../support/times.ts";

/** What one file of tests took, on which lane. */
export interface FileTime extends Spent {
  readonly name: string;
  readonly lane: string;
}

const head = ["file", "lane", "s", "ups", "s in ups", "destroys", "s in destroys", "s waiting"];

/** The table of all files, the longest first, with a total for each lane. */
export function table(files: readonly FileTime[]): string {
  const lanes = [...new Set(files.map(({ lane }) => lane))].sort();
  const sum = (of: readonly FileTime[], key: keyof Spent) => of.reduce((total, file) => total + file[key], 0);
  const totals = lanes.map((lane): string[] => {
    const of = files.filter((file) => file.lane === lane);
    return row({
      name: "total",
      lane,
      seconds: sum(of, "seconds"),
      ups: sum(of, "ups"),
      upSeconds: sum(of, "upSeconds"),
      destroys: sum(of, "destroys"),
      destroySeconds: sum(of, "destroySeconds"),
      waitSeconds: sum(of, "waitSeconds"),
    });
  });
  const rows = [...files].sort((a, b) => b.seconds - a.seconds).map(row);
  const all = [head, ...rows, ...totals];
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(" | ")} |`;
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return column < 2 ? cell.padEnd(width) : cell.padStart(width);
  };
  const rule = `| ${widths.map((width, column) => (column < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...[...rows, ...totals].map(line)].join("\n");
}

function row(time: FileTime): string[] {
  const { name, lane, seconds, ups, upSeconds, destroys, destroySeconds, waitSeconds } = time;
  return [name, lane, ...[seconds, ups, upSeconds, destroys, destroySeconds, waitSeconds].map((n) => n.toFixed(0))];
}

/** The seconds of each file, from a table's text. */
export function secondsIn(text: string): Map<string, number> {
  const rows = text.matchAll(/^\| ([\w-]+) +\| [\w-]+ +\| +(\d+) \|/gm);
  return new Map([...rows].filter(([, name]) => name !== "total").map(([, name = "", s]) => [name, Number(s)]));
}
