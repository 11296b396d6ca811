import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

const page = new URL("../../../docs/reliability.md", import.meta.url);

/**
 * Prints what a test has found, a line for each row, the first of which names the columns. Where MIA_FIGURES is set it is
 * also the table of that section of docs/reliability.md: what stands there between `<!-- name -->` and `<!-- end -->`.
 */
export function figures(name: string, rows: readonly (readonly (string | number)[])[]): void {
  const [head = [], ...rest] = rows.map((row) => row.map((cell) => String(cell).replaceAll("|", "\\|")));
  const table = [head, head.map(() => "---"), ...rest].map((row) => `| ${row.join(" | ")} |`).join("\n");
  console.log(table.replace(/^/gm, "      "));
  if (!process.env["MIA_FIGURES"]) return;
  const made = `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} cores`;
  const text = readFileSync(page, "utf8");
  const section = new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=<!-- end -->)`);
  if (!section.test(text)) throw new Error(`docs/reliability.md has no place for the figures of ${name}`);
  writeFileSync(
    page,
    text.replace(section, () => `${table}\n\n${made}\n\n`),
  );
}
