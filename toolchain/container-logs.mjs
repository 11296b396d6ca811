// What every container of a stack has said, kept in a folder.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { atEngine, containersOf, ownerOf, readState } from "./remains.mjs";
import { say } from "./steps.mjs";

/** Keeps a log of each; where that fails, what it is kept for is more important. */
export async function keepLogs({ setup, stack, lease, folder }) {
  try {
    lease.note({ owner: ownerOf(await readState(setup, stack)) });
    const { owner } = lease;
    const containers = owner.ids.length === 0 ? [] : await containersOf(setup, owner);
    await Promise.all(containers.map(({ id, name }) => keep(setup, owner, id, join(folder, `${name}.log`))));
  } catch (error) {
    say(`  The containers' logs could not be kept: ${error.message}`);
  }
}

function keep({ env }, owner, id, file) {
  const output = openSync(file, "w");
  const args = ["logs", "--timestamps", id];
  return new Promise((done) => {
    const child = spawn("docker", args, {
      env: atEngine(env, owner),
      stdio: ["ignore", output, output],
      timeout: 60_000,
    });
    child.on("error", done);
    child.on("close", done);
  }).finally(() => closeSync(output));
}
