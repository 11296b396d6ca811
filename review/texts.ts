import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, SetupError } from "../toolchain/steps.mjs";

/** A stack's text (record.ts), or the sentence with which the program refuses it. */
export type Text = { readonly text: string } | { readonly refusal: string };

/** The stacks that git knows a file of. */
export function trackedStacks(): string[] {
  const files = git("ls-files", "Pulumi.*.yaml").split("\n");
  return files.map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? "").filter((stack) => stack !== "");
}

/**
 * The commit that the working tree has grown from.
 * @throws SetupError where there is none.
 */
export function baseCommit(ref: string): string {
  try {
    return git("merge-base", ref, "HEAD");
  } catch {
    throw new SetupError(
      `--base: got ${JSON.stringify(ref)}, need a commit or branch that this one has grown from, with its history here: \`git fetch --unshallow\`, or \`git fetch origin main\`.`,
    );
  }
}

/** The texts of stacks as the working tree has them. */
export function textsHere(stacks: readonly string[]): Promise<Text[]> {
  return Promise.all(stacks.map((stack) => record(root, stack)));
}

/**
 * The same of a commit, by its own program in a folder of its own.
 * @throws SetupError where that commit can't be recorded.
 */
export async function textsOf(commit: string, stacks: readonly string[]): Promise<Text[]> {
  const folder = mkdtempSync(join(tmpdir(), "mia-review-"));
  try {
    execFileSync("sh", ["-c", 'git -C "$1" archive "$2" | tar --extract --directory "$3"', "sh", root, commit, folder]);
    if (!existsSync(join(folder, "review/record.ts"))) {
      throw new SetupError(`The commit ${commit} has no review/record.ts yet: there is nothing to compare with.`);
    }
    await packages(folder);
    const recorded = stacks.map(async (stack): Promise<Text> =>
      existsSync(join(folder, `Pulumi.${stack}.yaml`)) ? record(folder, stack) : { text: "" },
    );
    return await Promise.all(recorded);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same packages are the same folder. */
async function packages(folder: string): Promise<void> {
  const lock = "package-lock.json";
  if (readFileSync(join(folder, lock), "utf8") === readFileSync(join(root, lock), "utf8")) {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    return;
  }
  const { code, stderr } = await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  if (code !== 0) throw new SetupError(`The base's packages can't be installed (npm ci: ${lastLine(stderr)}).`);
}

async function record(folder: string, stack: string): Promise<Text> {
  const { code, stdout, stderr } = await run(process.execPath, ["review/record.ts", stack], { cwd: folder });
  if (code === 0) return { text: stdout };
  const error = stderr.split("\n").findLast((line) => /^\w*Error/.test(line));
  return { refusal: stdout.trim() || (error ?? lastLine(stderr)) };
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
