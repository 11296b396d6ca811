/** Something that a user can put right: where it is, what is there, what is needed, and how to fix it. */
export interface Problem {
  readonly where: string;
  readonly got: string;
  /** Starts with "need"; left out where there is nothing to say that `got` doesn't. */
  readonly need?: string;
  readonly fix: string;
}

/** One line for each problem. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(line).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

function line({ where, got, need, fix }: Problem): string {
  return `${where}: got ${got}${need === undefined ? "" : `, ${need}`}. Fix: ${fix}`;
}

/** A value as a message shows it: in one line, and of a long one the beginning. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = json(value) ?? `a ${typeof value}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Undefined for what is no JSON, such as a function. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // an object that holds itself
  }
}
