import type { Change, Operation } from "./changes.ts";
import { kindOf } from "./facts.ts";

/** What is to be said of a stack. */
export interface Reviewed {
  readonly stack: string;
  /** What the changes were found by, in a few words. */
  readonly source: string;
  /** Or why they could not be found. */
  readonly changes: readonly Change[] | { readonly refusal: string };
  /** Sentences about policies that are broken. */
  readonly broken: readonly string[];
}

/** What a comment of ours begins with: by this it is found again, and edited in place. */
export const marker = "<!-- mia: what a pull request changes -->";

/** GitHub takes 65,536 characters; some bytes more than one make a character. */
export const longest = 64_000;

const signs: Record<Operation, string> = {
  create: "+ create",
  update: "~ update",
  replace: "± replace",
  delete: "- delete",
};

/** All that there is to say, as Markdown. */
export function wholeText(stacks: readonly Reviewed[]): string {
  return join(
    head,
    stacks.map((stack) => section(stack, Infinity)),
  );
}

/** The same, short enough for a comment: as many rows of each stack as there is room for, and where to read the rest. */
export function comment(stacks: readonly Reviewed[], link: string): string {
  for (let cellLength = 300, rows = 500; ; rows = Math.floor(rows / 2), cellLength = 100) {
    const sections = stacks.map((stack) => section(stack, rows, cellLength));
    const isCut = sections.some(({ cut }) => cut);
    const text = join(head, sections, isCut ? `\nThis is not all of it: ${link}.\n` : "");
    if (Buffer.byteLength(text) < longest) return text;
    if (rows === 0) return `${head}\nThis is too much for a comment: ${link}.\n`;
  }
}

const head = `${marker}\n### What this changes\n`;

interface Section {
  readonly text: string;
  readonly cut: boolean;
}

function join(first: string, sections: readonly Section[], last = ""): string {
  return [first, ...sections.map(({ text }) => text)].join("\n") + last;
}

function section({ stack, source, changes, broken }: Reviewed, rows: number, cellLength = Infinity): Section {
  const lines = [...broken.map((sentence) => `- ✘ ${plain(sentence)}`), ...(broken.length > 0 ? [""] : [])];
  if ("refusal" in changes) {
    const text = changes.refusal;
    return {
      text: [`**${stack}** ✘`, "", fenced(text.slice(0, 4000)), "", ...lines].join("\n"),
      cut: text.length > 4000,
    };
  }
  const title = `**${stack}**: ${summary(changes)} <sub>(${source})</sub>`;
  if (changes.length === 0) return { text: [title, "", ...lines].join("\n"), cut: false };
  const all = changes.flatMap((change) => rowsOf(change, cellLength));
  const shown = all.slice(0, rows).map(({ text }) => text);
  const more = all.length > rows ? [`| … | and ${String(all.length - rows)} more rows | | | |`] : [];
  const table = ["| | resource | what | before | after |", "|---|---|---|---|---|", ...shown, ...more];
  const cut = all.length > rows || all.some((row) => row.cut);
  return { text: [title, "", ...lines, ...table, ""].join("\n"), cut };
}

/** `1 replaced, 2 created.` */
function summary(changes: readonly Change[]): string {
  if (changes.length === 0) return "nothing.";
  const words = { create: "created", update: "updated", replace: "replaced", delete: "deleted" };
  const counts = [...Map.groupBy(changes, ({ operation }) => operation)].map(
    ([operation, of]) => `${String(of.length)} ${words[operation]}`,
  );
  return `${counts.join(", ")}.`;
}

function rowsOf({ operation, resource, details }: Change, cellLength: number): { text: string; cut: boolean }[] {
  const [type = "", name = ""] = resource.split("::");
  const first = [signs[operation], `${kindOf(type)} \`${name}\``];
  if (details.length === 0) return [{ text: row([...first, "", "", ""]), cut: false }];
  return details.map(({ what, before, after }, i) => {
    const [a, b] = [cell(before, cellLength), cell(after, cellLength)];
    const cells = [...(i === 0 ? first : ["", ""]), what.replace("option ", ""), a.text, b.text];
    return { text: row(cells), cut: a.cut || b.cut };
  });
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Lines as code, which nothing in them can break out of. */
function cell(lines: readonly string[], longest: number): { text: string; cut: boolean } {
  const shown = lines.map((line) => (line.length > longest ? `${line.slice(0, longest)}…` : line));
  const few = shown.slice(0, longest === Infinity ? undefined : 20);
  const code = few.map((line) => `\`${plain(line)}\``);
  return {
    text: code.length === 0 ? "–" : [...code, ...(few.length < shown.length ? ["…"] : [])].join("<br>"),
    cut: few.length < shown.length || shown.some((line, i) => line !== lines[i]),
  };
}

function plain(text: string): string {
  return text.replaceAll("`", "'").replaceAll("|", "\\|").replaceAll("\n", " ");
}

function fenced(text: string): string {
  return `\`\`\`\n${text.replaceAll("```", "'''")}\n\`\`\``;
}
