import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./command.ts";
import { within } from "../../support/limits.ts";

/** Waits for what a computer has but once until no other test file has it; answers with how to give it back. */
export async function turn(name: string): Promise<() => void> {
  const file = join(tmpdir(), `mia-turn-${name}`);
  const take = () => {
    // A run that was killed has not given it back.
    if (existsSync(file) && !existsSync(`/proc/${readFileSync(file, "utf8")}`)) rmSync(file, { force: true });
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return Promise.resolve(true);
    } catch {
      return Promise.resolve(false);
    }
  };
  await eventually(within.turn, take, (taken) => taken);
  return () => {
    rmSync(file, { force: true });
  };
}
