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

/** How a list of things is read, a line for each: by the name of what it is a list of. */
const readings: Record<string, (item: Record<string, unknown>) => string> = {
  labels: ({ label, value }) => `${text(label)}=${text(value)}`,
  ports: ({ ip, external, internal, protocol = "tcp" }) =>
    `${text(ip)}:${text(external)} → ${text(internal)}/${text(protocol)}`,
  volumes: ({ hostPath, volumeName, containerPath }) => `${text(hostPath ?? volumeName)} → ${text(containerPath)}`,
  networksAdvanced: ({ name, aliases }) => `${text(name)} as ${(aliases as string[]).join(", ") || "nobody"}`,
};

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function facts(value: unknown, prefix: string, path = ""): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string" && value.includes("\n")) {
    return value
      .trimEnd()
      .split("\n")
      .map((line) => `${prefix}${path} = ${line}`);
  }
  if (typeof value !== "object") return [`${prefix}${path} = ${JSON.stringify(value)}`];
  if (Array.isArray(value)) {
    const reading = readings[path];
    if (reading !== undefined) {
      return value.map((item) => `${prefix}${path} = ${reading(item as Record<string, unknown>)}`);
    }
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
