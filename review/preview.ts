import { preview as previewed } from "../toolchain/preview.mjs";
import { complaint } from "../toolchain/remains.mjs";
import { run, SetupError } from "../toolchain/steps.mjs";
import { type Change, changesOfPreview } from "./changes.ts";

/**
 * The stacks that there is something of, as the backend knows them.
 * @throws SetupError where it does not say.
 */
export async function runningStacks(): Promise<Set<string>> {
  const { code, stdout, stderr } = await run("pulumi", ["stack", "ls", "--json"]);
  if (code !== 0) throw new SetupError(complaint(stderr));
  const all = JSON.parse(stdout) as { name: string; resourceCount?: number }[];
  return new Set(all.filter(({ resourceCount = 0 }) => resourceCount > 0).map(({ name }) => name));
}

/** What Pulumi's own preview would do, or why there is none. */
export async function preview(stack: string): Promise<readonly Change[] | { readonly refusal: string }> {
  try {
    return changesOfPreview(await previewed({ env: process.env }, stack));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { refusal: error.message };
  }
}
