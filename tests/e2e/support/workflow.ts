import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import type { Clone } from "./clone.ts";
import { command } from "./command.ts";
import { commandSeconds } from "../../support/limits.ts";

/** A workflow of .github/workflows, as far as ours say anything. */
export interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly if?: string;
  readonly "runs-on": string;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Step {
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}

/** What GitHub tells a run. */
export interface Contexts {
  readonly github: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
}

/** How a job's steps went. */
export interface JobRun {
  readonly ran: boolean;
  readonly ok: boolean;
  readonly runsOn: string;
  /** Of each step: its name or command, whether it succeeded, and what it said. */
  readonly steps: readonly { readonly name: string; readonly code: number; readonly output: string }[];
}

/** A runner of GitHub's whose workspace is a clone: it runs a job's steps in their order, by their own words. */
export class Runner {
  private readonly clone: Clone;
  /** Where artifacts are kept, as GitHub does between runs. */
  readonly artifacts: string;
  /** Beside what every step has. */
  private readonly env: NodeJS.ProcessEnv;

  constructor(clone: Clone, env: NodeJS.ProcessEnv = {}) {
    this.clone = clone;
    this.artifacts = join(clone.home, "artifacts");
    this.env = env;
  }

  /** Runs the one job of a workflow, for a commit that its checkout takes; as far as the step `last`, where that is named. */
  async run(name: string, commit: string, contexts: Contexts, last?: string): Promise<JobRun> {
    const { jobs } = workflow(this.clone.folder, name);
    const [job] = Object.values(jobs);
    if (job === undefined) throw new Error(`${name} has no job`);
    const { github, secrets = {}, vars = {} } = contexts;
    const given = { github: { ...github, run_id: "4711", server_url: "https://github.example" }, secrets, vars };
    const runsOn = interpolate(job["runs-on"], { ...given, env: {} });
    if (job.if !== undefined && !isTrue(job.if, given, true)) return { ran: false, ok: true, runsOn, steps: [] };
    const jobEnv = mapped(job.env ?? {}, (text) => interpolate(text, given));
    const steps: { name: string; code: number; output: string }[] = [];
    let ok = true;
    for (const step of job.steps) {
      const known = { ...given, env: jobEnv };
      if (!isTrue(step.if ?? "success()", known, ok)) continue;
      const env = { ...jobEnv, ...mapped(step.env ?? {}, (text) => interpolate(text, known)) };
      const { code, output } = await this.step(step, commit, env, known);
      steps.push({ name: step.name ?? step.uses ?? step.run ?? "", code, output });
      if (code !== 0) ok = false;
      if (step.name !== undefined && step.name === last) break;
    }
    return { ran: true, ok, runsOn, steps };
  }

  private async step(step: Step, commit: string, env: NodeJS.ProcessEnv, known: Known) {
    if (step.uses !== undefined) return this.action(step, commit, known);
    // As GitHub runs a step that names no shell, but for the file.
    const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run ?? ""];
    return this.clone.run("bash", args, { ...this.env, ...env, GITHUB_REPOSITORY: "keep/mia" }, commandSeconds.setUp);
  }

  /** What the actions that we use do. */
  private async action({ uses = "", with: given = {} }: Step, commit: string, known: Known) {
    const done = { code: 0, output: "" };
    const { folder, env } = this.clone;
    const text = (key: string) => interpolate(String(given[key] ?? ""), known);
    switch (uses.split("@")[0]) {
      case "actions/checkout":
        return this.clone.run("git", ["checkout", "--quiet", "--force", "--detach", commit]);
      case "actions/setup-node":
        env["PATH"] = [dirname(process.execPath), env["PATH"]].join(delimiter);
        return done;
      case "actions/upload-artifact":
        for (const path of text("path")
          .split("\n")
          .filter((line) => line !== "")) {
          const to = join(this.artifacts, text("name"));
          mkdirSync(to, { recursive: true });
          if (existsSync(join(folder, path))) cpSync(join(folder, path), to, { recursive: true });
        }
        return done;
      case "actions/download-artifact":
        cpSync(join(this.artifacts, text("name")), join(folder, text("path")), { recursive: true });
        return done;
      default:
        throw new Error(`nobody here knows ${uses}`);
    }
  }
}

/** A workflow's text, read. */
export function workflow(folder: string, name: string): Workflow {
  return parse(readFileSync(join(folder, ".github/workflows", `${name}.yml`), "utf8")) as Workflow;
}

type Known = Readonly<Record<string, unknown>>;

function isTrue(condition: string, known: Known, ok: boolean): boolean {
  const text = /^\$\{\{(.*)\}\}$/s.exec(condition.trim())?.[1] ?? condition;
  const status = /\b(always|cancelled|failure|success)\(\)/.test(text) ? text : `success() && (${text})`;
  const value = evaluate(status, known, ok);
  return value.coerceString() !== "false" && value.coerceString() !== "";
}

/** A text with its `${{ }}` filled in. */
function interpolate(text: string, known: Known): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, known, true).coerceString(),
  );
}

function evaluate(expression: string, known: Known, ok: boolean): data.ExpressionData {
  const says = (name: string, value: boolean) =>
    [name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }] as const;
  const functions = new Map([
    says("always", true),
    says("cancelled", false),
    says("success", ok),
    says("failure", !ok),
  ]);
  const context = JSON.parse(JSON.stringify(known), data.reviver) as data.Dictionary;
  const names = ["github", "env", "secrets", "vars"];
  const parsed = new Parser(new Lexer(expression.trim()).lex().tokens, names, [...functions.values()]).parse();
  return new Evaluator(parsed, context, functions).evaluate();
}

function mapped(values: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, change(text)]));
}

/** Runs a stage of .gocd.yaml: the tasks of its jobs, in their order. */
export async function runStage(clone: Clone, pipeline: GocdPipeline, stage: string, env: NodeJS.ProcessEnv) {
  const jobs = pipeline.stages.find((one) => stage in one)?.[stage]?.jobs ?? {};
  let output = "";
  for (const { exec } of Object.values(jobs).flatMap(({ tasks }) => tasks)) {
    const options = {
      cwd: clone.folder,
      env: { ...clone.env, ...pipeline.environment_variables, ...env },
      seconds: commandSeconds.setUp,
    };
    const ended = await command(exec.command, exec.arguments, options);
    output += ended.output;
    if (ended.code !== 0) return { code: ended.code, output };
  }
  return { code: 0, output };
}

/** As much of a pipeline as running it needs. */
export interface GocdPipeline {
  readonly environment_variables?: Readonly<Record<string, string>>;
  readonly stages: readonly Readonly<Record<string, GocdStage>>[];
}

interface GocdStage {
  readonly jobs: Readonly<
    Record<string, { tasks: readonly { exec: { command: string; arguments: readonly string[] } }[] }>
  >;
}

/** All pipelines of a clone's .gocd.yaml. */
export function pipelines(clone: Clone): Readonly<Record<string, GocdPipeline>> {
  const text = readFileSync(join(clone.folder, ".gocd.yaml"), "utf8");
  return (parse(text) as { pipelines: Record<string, GocdPipeline> }).pipelines;
}
