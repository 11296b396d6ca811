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
