import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { isLong } from "./random.ts";

type Rows = readonly (readonly (string | number)[])[];

const page = new URL("../../../docs/reliability.md", import.meta.url);

/**
 * Prints what a test has found, a line for each row, the first of which names the columns. Where MIA_FIGURES is set it is
 * also the table of that section of docs/reliability.md: what stands there between `<!-- name -->` and `<!-- end -->`.
 */
export function figures(name: string, rows: Rows): void {
  print(rows);
  if (process.env["MIA_FIGURES"]) write(name, rows);
}

/** `figures` of a test that is longer in the long suite: a plain run prints its table, and leaves the page as it is. */
export function figuresOfLongRun(name: string, rows: Rows): void {
  print(rows);
  if (process.env["MIA_FIGURES"] && isLong) write(name, rows);
}

function print(rows: Rows): void {
  console.log(tableOf(rows).replace(/^/gm, "      "));
}

function tableOf(rows: Rows): string {
  const [head = [], ...rest] = rows.map((row) => row.map((cell) => String(cell).replaceAll("|", "\\|")));
  return [head, head.map(() => "---"), ...rest].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function write(name: string, rows: Rows): void {
  const made = `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} cores`;
  const text = readFileSync(page, "utf8");
  const section = new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=<!-- end -->)`);
  if (!section.test(text)) throw new Error(`docs/reliability.md has no place for the figures of ${name}`);
  writeFileSync(
    page,
    text.replace(section, () => `${tableOf(rows)}\n\n${made}\n\n`),
  );
}
