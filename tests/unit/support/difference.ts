import { differences, factsOf, kindOf } from "../../../review/facts.ts";

/** A row: what differs, of which resources, and how. */
interface Row {
  readonly names: string[];
  readonly what: string;
  readonly sides: readonly [string, string];
}

/** The difference of two environments as a table, made from their golden texts; what follows from it is left out. */
export function differenceTable(titles: readonly [string, string], texts: readonly [string, string]): string {
  const rows = new Map<string, Row>();
  for (const { resource, what, before, after } of differences(factsOf(texts[0]), factsOf(texts[1]))) {
    const [type = "", name = ""] = resource.split("::");
    const kind = kindOf(type);
    const words = what.replace("option ", "");
    const [a = "", b = ""] = trimmed([before, after]).map((side) =>
      side.replaceAll(ownPart(name), "<name>").replaceAll(/[:=]<hash>/g, ""),
    );
    const key = [kind, words, a, b].join("|");
    const row = rows.get(key) ?? { names: [], what: `${kind} ${words}`.trim(), sides: [a, b] };
    row.names.push(name);
    rows.set(key, row);
  }
  const lines = [...rows.values()].map(({ names, what, sides }) => {
    const alone = names.length === 1 ? sides.map((side) => side.replaceAll("<name>", ownPart(names[0] ?? ""))) : sides;
    return `| ${names.map((name) => `\`${name}\``).join(", ")} | ${what} | ${alone.map(cell).join(" | ")} |`;
  });
  return [`| of | what | ${titles.join(" | ")} |`, "|---|---|---|---|", ...lines.sort()].join("\n");
}

/** What of a resource's name is the service's. */
function ownPart(name: string): string {
  return name.split("-")[0] ?? name;
}

function cell(side: string): string {
  return side === ""
    ? "–"
    : side
        .split("\n")
        .map((line) => `\`${line.replace(/[`"]/g, "")}\``)
        .join("<br>");
}

/** Where lines have a counterpart, only the words in which they differ. */
function trimmed([left, right]: readonly [readonly string[], readonly string[]]): string[] {
  if (left.length !== right.length) return [left.join("\n"), right.join("\n")];
  const words = [left, right].map((lines) => lines.map((line) => line.split(" ")));
  const differing = words.map((side, i) =>
    side.map((line, n) => line.filter((word, at) => words[1 - i]?.[n]?.[at] !== word).join(" ")),
  );
  return differing.map((side) => [...new Set(side)].join("\n"));
}
