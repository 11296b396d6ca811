/** A value of a stack's config, named as Pulumi names it: `mia:replicas.user`, `mia:replicas["a b"]`. */
export function configPath(project: string, keys: readonly (string | number)[]): string {
  return `${project}:${wayTo(keys)}`;
}

/** The same without a project. */
export function wayTo(keys: readonly (string | number)[]): string {
  return keys.map(step).join("").replace(/^\./, "");
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${String(key)}]`;
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** A word of a command that a shell reads as it is. */
export function shellWord(word: string): string {
  return /^[\w:.,@/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
