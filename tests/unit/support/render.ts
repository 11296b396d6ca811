/** One resource as the program registers it. */
export interface Recorded {
  type: string;
  name: string;
  parent: string;
  dependsOn: string[];
  options: Record<string, unknown>;
  inputs: Record<string, unknown>;
}

/** A stack as text, one fact a line, so that `diff` shows what a change does. */
export function render(stack: string, resources: Recorded[], outputs: Record<string, unknown>): string {
  const seen = new Set<string>();
  const blocks = resources.map((resource) => {
    const { type, name, parent, dependsOn, options, inputs } = resource;
    // The engine refuses two resources of one name below one parent; mocks don't.
    const key = `${parent} ${type}::${name}`;
    if (seen.has(key)) throw new Error(`two resources are ${key}`);
    seen.add(key);
    return [
      `${type}::${name}`,
      ...(parent === "" || parent.startsWith("pulumi:pulumi:Stack") ? [] : [`  in ${parent}`]),
      ...dependsOn.map((other) => `  after ${other}`),
      ...facts(options, "  option "),
      ...facts(inputs, "  "),
    ].join("\n");
  });
  blocks.sort();
  return (
    [`stack ${stack}`, ...blocks, ["outputs", ...facts(outputs, "  ")].join("\n"), ""].join("\n\n").trimEnd() + "\n"
  );
}

function facts(value: unknown, prefix: string, path = ""): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return [`${prefix}${path} = ${JSON.stringify(value)}`];
  if (Array.isArray(value)) {
    const plain = value.every((item) => typeof item !== "object");
    // A long list, such as an environment, is a line for each item.
    const lines = JSON.stringify(value).length > 100 ? value : [value];
    if (plain) return lines.map((item) => `${prefix}${path} = ${JSON.stringify(item)}`);
    return value.flatMap((item, i) => facts(item, prefix, `${path}[${String(i)}]`));
  }
  return Object.entries(value)
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([key, item]) => facts(item, prefix, path === "" ? key : `${path}.${key}`));
}
