import * as v from "valibot";
import { wayTo } from "./config-path.ts";
import { dictionary, exactObject } from "./machine.ts";
import { backingNames, partNames } from "./names.ts";
import { ConfigError, type Problem, shown } from "./problem.ts";

// The compiler knows all of this (service.ts), but what `pulumi up` runs has not been compiled.

const name = "need up to 31 small letters, digits and -, a letter first";
const source = 'need a folder, such as "services/rosi_user_service"';
const uses = `need a list of ${backingNames.join(", ")}`;
const environment = 'need an object of texts, such as { UNICORN_WORKERS: "4" }';
const product = 'need a word, such as "keep"';

function whole(minimum: number, maximum: number, unit: string) {
  const message = `need ${String(minimum)}..${String(maximum)} (${unit})`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(minimum, message), v.maxValue(maximum, message));
}

const entry = {
  source: v.pipe(v.string(source), v.nonEmpty(source)),
  environment: v.optional(
    dictionary(
      v.pipe(
        v.string(),
        v.regex(/^[A-Za-z_]\w*$/, "need a variable's name"),
        v.check((variable) => !variable.startsWith("SERVICE_"), "need none: SERVICE_ variables follow from the entry"),
      ),
      v.string("need a text"),
      environment,
    ),
  ),
  // Docker's own minimum.
  memoryMib: v.optional(whole(6, 1_048_576, "MiB")),
  readySeconds: v.optional(whole(1, 3600, "seconds")),
};

/** What an entry of each file may say. */
export const entries = {
  microservices: exactObject(
    {
      ...entry,
      uses: v.array(v.picklist(backingNames, uses), uses),
      base: v.optional(v.picklist(["rails", "node"], 'need "rails" or "node"')),
    },
    'need an entry such as { source: "services/rosi_user_service", uses: ["db"] }',
  ),
  frontends: exactObject(
    { ...entry, product: v.pipe(v.string(product), v.nonEmpty(product)) },
    'need an entry such as { source: "frontend/keep_www", product: "keep" }',
  ),
};

/**
 * Refuses entries that the compiler would refuse.
 * @throws ConfigError that names all problems at once.
 */
export function checkEntries(microservices: unknown, frontends: unknown): void {
  const names = namesOf(microservices);
  const problems = [
    ...problemsOf("microservices", microservices, (one) => !partNames.some((part) => part === one)),
    ...problemsOf("frontends", frontends, (one) => ![...partNames, ...names].includes(one)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemsOf(key: keyof typeof entries, all: unknown, isFree: (name: string) => boolean): Problem[] {
  const file = `platform/catalogue/${key}.ts`;
  if (typeof all !== "object" || all === null || Array.isArray(all)) {
    return [
      { where: `${file}: ${key}`, got: shown(all), need: "need an object of entries by name", fix: "correct it" },
    ];
  }
  return Object.entries(all).flatMap(([one, value]) => {
    const at = (...path: (string | number)[]) => `${file}: ${wayTo([one, ...path])}`;
    const odd = /^[a-z][a-z0-9-]{0,30}$/.test(one) ? [] : [{ where: at(), got: "its name", need: name }];
    const taken = isFree(one)
      ? []
      : [{ where: at(), got: "a name that another part has", need: "need one of its own" }];
    const { issues = [] } = v.safeParse(entries[key], value, { abortPipeEarly: true });
    const wrong = issues.map((issue) => {
      const where = at(...(issue.path ?? []).map(({ key: step }) => step as string | number));
      if (issue.expected === "never") return { where, got: "a field that does not exist", fix: "take it out" };
      const isName = issue.path?.at(-1)?.origin === "key" && issue.input !== undefined;
      return { where, got: isName ? "its name" : shown(issue.input), need: issue.message };
    });
    return [...odd, ...taken, ...wrong].map((problem) => ({ fix: "correct it", ...problem }));
  });
}

function namesOf(all: unknown): string[] {
  return typeof all === "object" && all !== null ? Object.keys(all) : [];
}
