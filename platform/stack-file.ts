import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument, type Tags } from "yaml";
import { ConfigError } from "./problem.ts";

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
 * @throws ConfigError where there is no such file, or one that can't be read.
 */
export function readStackFiles(folder: string, stack: string): StackFiles {
  const { name, config } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const own = configIn(textOf(folder, `Pulumi.${stack}.yaml`), `Pulumi.${stack}.yaml`);
  const defaults = Object.entries(config).map(([key, item]) => [key, (item as { default?: unknown }).default]);
  const merged = { ...Object.fromEntries(defaults), ...own } as Record<string, unknown>;
  const texts = Object.entries(merged)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  return { project: name, values: Object.fromEntries(texts) as Record<string, string> };
}

function textOf(folder: string, file: string): string {
  if (existsSync(join(folder, file))) return readFileSync(join(folder, file), "utf8");
  const fix = `pulumi stack init ${file.slice("Pulumi.".length, -".yaml".length)}`;
  throw new ConfigError([{ where: file, got: "no such file", need: "need the name of a stack that has one", fix }]);
}

/**
 * What the text of a stack's file says of its config.
 * @throws ConfigError where it can't be read.
 */
export function configIn(text: string, file: string): Record<string, unknown> {
  // Pulumi writes a version such as 978622e06562 without quotes, and does not take it for a number either.
  const document = parseDocument(text, { customTags: withoutExponents });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos === undefined ? "" : `:${String(error.linePos[0].line)}`;
    const [why = ""] = error.message.split(/ at line \d|\n/);
    throw unreadable(`${file}${line}`, `what is no YAML (${why})`);
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (aliases) {
    throw unreadable(file, `what can't be read (${aliases instanceof Error ? aliases.message : String(aliases)})`);
  }
  const config = isObject(content) ? (content["config"] ?? {}) : (content ?? {});
  if (isObject(config)) return config;
  throw unreadable(
    file,
    Array.isArray(config) ? "a list" : `a ${typeof config}`,
    "need the key config, and below it mia:kind and others",
  );
}

function unreadable(where: string, got: string, need?: string): ConfigError {
  return new ConfigError([{ where, got, ...(need === undefined ? {} : { need }), fix: "correct it" }]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutExponents(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || tag.format !== "EXP");
}
