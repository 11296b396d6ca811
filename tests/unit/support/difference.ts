/** The facts of a golden text, by resource and by what they are about. */
type Facts = Map<string, Map<string, string[]>>;

/** A row: what differs, of which resources, and how. */
interface Row {
  readonly names: string[];
  readonly what: string;
  readonly sides: readonly [string, string];
}

/** The difference of two environments as a table, made from their golden texts; what follows from it is left out. */
export function differenceTable(titles: readonly [string, string], texts: readonly [string, string]): string {
  const [left, right] = [factsOf(texts[0]), factsOf(texts[1])];
  const rows = new Map<string, Row>();
  for (const resource of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [type = "", name = ""] = resource.split("::");
    const kind = (type.split(":").at(-1) ?? "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    for (const { what, sides } of differences(left.get(resource), right.get(resource))) {
      const [a, b] = sides.map((side) =>
        side.replaceAll(ownPart(name), "<name>").replace(/:[0-9a-f]{12}|=[0-9a-f]{12}/g, ""),
      );
      const key = [kind, what, a, b].join("|");
      const row = rows.get(key) ?? { names: [], what: `${kind} ${what}`.trim(), sides: [a ?? "", b ?? ""] };
      row.names.push(name);
      rows.set(key, row);
    }
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

/** Components and outputs only say again what resources are. */
function factsOf(golden: string): Facts {
  const blocks = golden.split("\n\n").filter((block) => /^(docker|command|random):/.test(block));
  return new Map(
    blocks.map((block) => {
      const [resource = "", ...lines] = block.trimEnd().split("\n");
      const facts = new Map<string, string[]>();
      for (const line of lines) {
        const [, what = "", value = ""] = /^ {2}(in|after|option \S+|\S+)(?: =)? (.*)$/.exec(line) ?? [];
        facts.set(what, [...(facts.get(what) ?? []), value]);
      }
      return [resource, facts];
    }),
  );
}

function differences(left: Map<string, string[]> | undefined, right: Map<string, string[]> | undefined) {
  if (left === undefined || right === undefined) {
    return [{ what: "", sides: [left ? "there" : "", right ? "there" : ""] }];
  }
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((what) => {
    const [a, b] = [left.get(what) ?? [], right.get(what) ?? []];
    const only = [a.filter((line) => !b.includes(line)), b.filter((line) => !a.includes(line))] as const;
    if (only[0].length + only[1].length === 0) return [];
    return [{ what: what.replace("option ", ""), sides: trimmed(only) }];
  });
}

/** Where lines have a counterpart, only the words in which they differ. */
function trimmed([left, right]: readonly [string[], string[]]): string[] {
  if (left.length !== right.length) return [left.join("\n"), right.join("\n")];
  const words = [left, right].map((lines) => lines.map((line) => line.split(" ")));
  const differing = words.map((side, i) =>
    side.map((line, n) => line.filter((word, at) => words[1 - i]?.[n]?.[at] !== word).join(" ")),
  );
  return differing.map((side) => [...new Set(side)].join("\n"));
}
