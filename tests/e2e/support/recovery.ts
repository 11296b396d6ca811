import { within } from "../../support/limits.ts";
import type { Clone } from "./clone.ts";
import { type Ended, eventually } from "./command.ts";
import type { OwnEngine } from "./own-engine.ts";
import type { TestEngine } from "./test-engine.ts";

/** Runs `npm run status` of stack dev, whose exit code is 0 where every part is well. */
export function statusOf(clone: Clone): Promise<Ended> {
  return clone.run("node", ["toolchain/mia.mjs", "status"]);
}

/** Waits until `npm run status` calls every part of stack dev well: two CPU seconds for an answer, so Docker is asked first. */
export async function allPartsWell(engine: TestEngine, clone: Clone, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  await eventually(seconds, () => engine.isWell(), Boolean);
  await eventually(
    (deadline - Date.now()) / 1000,
    () => statusOf(clone),
    ({ code }) => code === 0,
  );
}

/** Kills the main process of a part, and waits until Docker has started another and the whole platform answers again. */
export async function recoversFromKill(engine: OwnEngine, clone: Clone, part: string): Promise<void> {
  const name = await engine.container(part);
  const pid = await engine.killMain(name);
  await eventually(
    within.recovery,
    () => engine.must("inspect", "--format", "{{.State.Pid}} {{.State.Running}}", name),
    (now) => now.endsWith("true") && !now.startsWith(`${String(pid)} `),
  );
  await allPartsWell(engine, clone, within.recovery);
  await eventually(
    within.recovery,
    () => fetch(clone.url("http", "/user/users/1")),
    ({ status }) => status === 200,
  );
}
