import { Clone } from "../../tests/e2e/support/clone.ts";
import { type Ended, succeed } from "../../tests/e2e/support/command.ts";
import { OwnEngine } from "../../tests/e2e/support/own-engine.ts";

/** A user's clone, and an engine on which nothing else runs. */
export interface Place {
  readonly engine: OwnEngine;
  readonly clone: Clone;
}

/** Runs a benchmark in a place of its own, and takes that away whatever happens. */
export async function inPlace(body: (place: Place) => Promise<void>): Promise<void> {
  const engine = await OwnEngine.start();
  try {
    const clone = await Clone.make({ dockerHost: engine.host });
    try {
      await body({ engine, clone });
    } finally {
      clone.remove();
    }
  } finally {
    await engine.remove();
  }
}

/** Makes the stack `dev` anew: nothing is known of what ran. */
export async function newStack(clone: Clone): Promise<void> {
  await clone.pulumi("stack", "rm", "dev", "--force", "--yes", "--preserve-config");
  await clone.mustPulumi("stack", "select", "dev", "--create");
}

/** `pulumi up`, as a user's who has seen the preview. */
export function up(clone: Clone): Promise<Ended> {
  return long(clone, "up", "--yes", "--skip-preview");
}

/** A pulumi command that may take as long as many services do. */
export function long({ folder, env }: Clone, ...args: string[]): Promise<Ended> {
  return succeed("pulumi", args, { cwd: folder, env, seconds: 1800 });
}
