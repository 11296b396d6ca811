import type * as v from "valibot";

/** A value that a schema refuses, or has to take, and where in the config it is. */
export interface Case {
  readonly kind: "wrong type" | "bound" | "form" | "unknown key" | "missing key";
  readonly path: readonly string[];
  /** The config's key with this value in it; left out where it is the key that is missing. */
  readonly value: unknown;
  readonly refused: boolean;
}

/** What is known of valibot's schemas here: what it documents of them. */
interface Schema {
  readonly kind: string;
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly (Schema & { readonly requirement?: unknown })[];
  readonly wrapped?: Schema;
  readonly item?: Schema;
  readonly key?: Schema;
  readonly value?: Schema;
  readonly literal?: unknown;
}

/** What might be valid somewhere: a schema gets the first that it takes. */
const candidates: readonly unknown[] = [
  ...["mia", "root@host.example", "registry.example:5000", "25833409863c", "127.0.0.1", "172.17.0.1"],
  ...["registry.example/mirror/", "qa", "80", "TOKEN", 2, 4096, true, [], {}],
];

const oneOfEach: readonly unknown[] = [null, true, -7.5, "no such thing", ["a"], { a: 1 }];
const oddTexts = ["", " ", "a b", "ä", "a\nb", "../x", "$(reboot)", "'", "-", "0x10", "1e3", "x".repeat(300)];
const oddKeys = ["color", "toString", "constructor", "__proto__", "", "a b", "a.b", "a\nb", "it's"];

/** Every case of the keys of a config, whose values are texts, some of them of JSON. */
export function configCases(schema: v.GenericSchema, takes: (schema: unknown, value: unknown) => boolean): Case[] {
  const { entries = {} } = schema as unknown as Schema;
  const odd = oddKeys.map((key): Case => ({ kind: "unknown key", path: [key], value: "1", refused: true }));
  const own = Object.entries(entries).flatMap(([key, entry]) => {
    const inner = entry.pipe?.slice(1).find(({ kind }) => kind === "schema");
    const missing: Case = { kind: "missing key", path: [key], value: undefined, refused: true };
    if (inner === undefined) return [missing, ...casesOf(entry, [key], takes).filter(isText)];
    // Not even JSON.
    const broken = ['{"a":', "{'a': 1}", "[1", "nil"].map((value): Case => ({
      kind: "form",
      path: [key],
      value,
      refused: true,
    }));
    const cases = casesOf(inner, [key], takes);
    return [missing, ...broken, ...cases.map((one) => ({ ...one, value: JSON.stringify(one.value) }))];
  });
  return [...odd, ...own];
}

function isText({ value }: Case): boolean {
  return typeof value === "string";
}

/** Every case of an object's keys, which are values as they are. */
export function casesOf(
  schema: Schema,
  path: readonly string[],
  takes: (schema: unknown, value: unknown) => boolean,
): Case[] {
  if (schema.type === "optional" && schema.wrapped !== undefined) return casesOf(schema.wrapped, path, takes);
  const narrower = schema.pipe?.slice(1).find(({ kind }) => kind === "schema");
  if (narrower !== undefined) return casesOf(narrower, path, takes);
  const types = oneOfEach
    .filter((value) => !typesOf(schema).has(typeOf(value)))
    .map((value): Case => ({ kind: "wrong type", path, value, refused: true }));
  return [...types, ...formsOf(schema, path), ...insideOf(schema, path, takes)];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** The types of JSON that a schema takes by its kind. */
function typesOf(schema: Schema): Set<string> {
  const { type, options = [] } = schema;
  if (type === "union") return new Set((options as Schema[]).flatMap((one) => [...typesOf(one)]));
  if (type === "picklist") return new Set(options.map(typeOf));
  if (["strict_object", "record", "variant"].includes(type)) return new Set(["object"]);
  return new Set([type]);
}

/** What the rules of a pipe say of single values. */
function formsOf(schema: Schema, path: readonly string[]): Case[] {
  const at = (kind: Case["kind"], value: unknown, refused: boolean): Case => ({ kind, path, value, refused });
  const as = (number: number) => (typesOf(schema).has("string") ? String(number) : number);
  const rules = schema.pipe ?? [];
  const patterns = rules.flatMap(({ type, requirement }) => (type === "regex" ? [requirement as RegExp] : []));
  const fits = (text: string) => patterns.every((pattern) => pattern.test(text));
  const bounds = rules.flatMap(({ type, requirement }) => {
    const limit = Number(requirement);
    if (type === "min_value") return [at("bound", as(limit - 1), true), at("bound", as(limit), false)];
    if (type === "max_value") return [at("bound", as(limit + 1), true), at("bound", as(limit), false)];
    if (type === "integer") return [at("bound", 2.5, true), at("bound", 1e300, true)];
    return [];
  });
  const texts = patterns.length > 0 ? oddTexts.filter((text) => !fits(text)).map((text) => at("form", text, true)) : [];
  const empty = rules.some(({ type }) => type === "non_empty") ? [at("form", "", true)] : [];
  const chosen =
    schema.type === "picklist"
      ? (schema.options ?? []).flatMap((one) => [
          at("form", `${String(one)} `, true),
          at("form", String(one).toUpperCase(), true),
        ])
      : [];
  const addresses = rules.some(({ type }) => type === "ipv4") ? ["localhost", "::1", "256.0.0.1"] : [];
  return [...bounds, ...texts, ...empty, ...chosen, ...addresses.map((text) => at("form", text, true))];
}

/** What is inside of an object, a list, or one of several kinds of objects. */
function insideOf(
  schema: Schema,
  path: readonly string[],
  takes: (schema: unknown, value: unknown) => boolean,
): Case[] {
  const { type, entries = {}, options = [], item, key, value } = schema;
  if (type === "variant") return (options as Schema[]).flatMap((one) => insideOf(one, path, takes));
  if (type === "array" && item !== undefined) {
    return casesOf(item, [...path, "0"], takes).map((one) => ({ ...one, value: [one.value] }));
  }
  if (type === "record" && key !== undefined && value !== undefined) {
    const name = sample(key, takes);
    const odd = formsOf(key, path).map((one) => ({ ...one, value: { [String(one.value)]: sample(value, takes) } }));
    const inside = casesOf(value, [...path, String(name)], takes);
    return [...odd, ...inside.map((one) => ({ ...one, value: { [String(name)]: one.value } }))];
  }
  if (type !== "strict_object") return [];
  const needed = Object.entries(entries).filter(([, entry]) => entry.type !== "optional");
  const whole = Object.fromEntries(needed.map(([name, entry]) => [name, sample(entry, takes)]));
  const missing = needed.map(([name]): Case => {
    const rest = Object.entries(whole).filter(([one]) => one !== name);
    return { kind: "missing key", path: [...path, name], value: Object.fromEntries(rest), refused: true };
  });
  const unknown = oddKeys.map((name): Case => {
    // `{ ["__proto__"]: … }` is a key as any other.
    return { kind: "unknown key", path, value: { ...whole, [name]: 1 }, refused: true };
  });
  const inside = Object.entries(entries).flatMap(([name, entry]) =>
    casesOf(entry, [...path, name], takes).map((one) => ({ ...one, value: { ...whole, [name]: one.value } })),
  );
  return [...missing, ...unknown, ...inside];
}

/** A value that a schema takes. */
function sample(schema: Schema, takes: (schema: unknown, value: unknown) => boolean): unknown {
  if (schema.type === "literal") return schema.literal;
  if (schema.type === "picklist") return schema.options?.[0];
  const found = candidates.find((value) => takes(schema, value));
  if (found === undefined) throw new Error(`none of the candidates is valid for a new ${schema.type}: add one`);
  return found;
}
