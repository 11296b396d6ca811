import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type Tags } from "yaml";

interface ProjectFile {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A stack's project and config as its files in a folder have them: what the engine hands to the program, but for secrets. */
export interface StackFiles {
  readonly project: string;
  /** As text, by name; a secret is `{"secure":"…"}`. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Reads Pulumi.yaml's defaults, and what Pulumi.<stack>.yaml says instead.
 * @throws Error where there is no such file.
 */
export function readStackFiles(folder: string, stack: string): StackFiles {
  const { name, config } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const text = readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8");
  // Pulumi writes a version such as 978622e06562 without quotes, and does not take it for a number either.
  const own = (parse(text, { customTags: withoutExponents }) ?? {}) as { config?: Record<string, unknown> };
  const defaults = Object.entries(config).map(([key, item]) => [key, (item as { default?: unknown }).default]);
  const merged = { ...Object.fromEntries(defaults), ...own.config } as Record<string, unknown>;
  const texts = Object.entries(merged)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  return { project: name, values: Object.fromEntries(texts) as Record<string, string> };
}

function withoutExponents(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || tag.format !== "EXP");
}
