import { execFile } from "node:child_process";
import { join } from "node:path";
import { type Change, changesOfPreview } from "./changes.ts";
import { ReviewError } from "./review-error.ts";

const root = join(import.meta.dirname, "..");

/**
 * The stacks that there is something of, as the backend knows them.
 * @throws ReviewError where it does not say.
 */
export async function runningStacks(): Promise<Set<string>> {
  const { stdout, why } = await pulumi("stack", "ls", "--json");
  if (why !== undefined) throw new ReviewError(`The backend does not list its stacks: ${why}`);
  const all = JSON.parse(stdout) as { name: string; resourceCount?: number }[];
  return new Set(all.filter(({ resourceCount = 0 }) => resourceCount > 0).map(({ name }) => name));
}

/** What Pulumi's own preview would do, or why there is none. */
export async function preview(stack: string): Promise<readonly Change[] | { readonly refusal: string }> {
  const { stdout, why } = await pulumi("preview", "--json", "--stack", stack);
  const said = parsed(stdout);
  if (why === undefined) return changesOfPreview(said.steps ?? []);
  const errors = (said.diagnostics ?? []).filter(({ severity }) => severity === "error");
  return { refusal: errors.map(({ message }) => message.trim()).join("\n") || why };
}

/** Of `pulumi preview --json`. */
interface Said {
  readonly steps?: Parameters<typeof changesOfPreview>[0];
  readonly diagnostics?: readonly { readonly severity: string; readonly message: string }[];
}

function parsed(stdout: string): Said {
  try {
    return JSON.parse(stdout) as Said;
  } catch {
    return {};
  }
}

function pulumi(...args: string[]): Promise<{ stdout: string; why: string | undefined }> {
  return new Promise((done) => {
    const options = { cwd: root, maxBuffer: 256 * 1024 * 1024 };
    execFile("pulumi", [...args, "--non-interactive"], options, (error, stdout, stderr) => {
      const why = error === null ? undefined : (stderr.trim().split("\n").at(-1) ?? error.message);
      done({ stdout, why: why?.replace(/^error: /, "") });
    });
  });
}
