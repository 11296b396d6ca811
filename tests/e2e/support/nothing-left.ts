import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Clone } from "./clone.ts";
import type { OwnEngine } from "./own-engine.ts";
import { processesOf } from "./processes.ts";

/** That nothing of stack qa is on the engine, in the state, in the clone or among the processes; and that git sees nothing. */
export async function nothingIsLeft(clone: Clone, engine: OwnEngine, env: NodeJS.ProcessEnv = {}): Promise<void> {
  assert.deepEqual(await engine.remains(), []);
  const { stdout } = await clone.run("pulumi", ["stack", "export", "--stack", "qa"], env);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: object[]; pending_operations?: object[] } };
  assert.deepEqual([deployment.resources ?? [], deployment.pending_operations ?? []], [[], []]);
  const states = [join(clone.home, "state"), join(clone.folder, ".mia/state")].flatMap(filesBelow);
  assert.deepEqual(
    states.filter((file) => /locks\/.*\.json$/.test(file)),
    [],
  );
  const leases = filesBelow(join(clone.folder, ".mia/qa")).filter((file) => file.endsWith(".json"));
  assert.deepEqual(leases, []);
  assert.deepEqual(processesOf(clone.home), []);
  assert.equal(await clone.status(), "");
}

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
}
