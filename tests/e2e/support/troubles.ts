import { stopwatches } from "../../support/times.ts";
import type { OwnEngine } from "./own-engine.ts";
import { generator, isLong, seed, shuffled } from "./random.ts";
import { pause } from "../../support/pause.ts";

/** How long what is paused or cut off stays so. */
const seconds = 8;
const cutOff = `cut off for ${String(seconds)} s`;

/** What can happen to a container; each ends when that is over. */
export const troubles = {
  "main process killed": async (engine: OwnEngine, container: string) => {
    await engine.killMain(container);
  },
  [`paused for ${String(seconds)} s`]: async (engine: OwnEngine, container: string) => {
    await engine.must("pause", container);
    await pass(seconds);
    await engine.must("unpause", container);
  },
  [cutOff]: async (engine: OwnEngine, container: string) => {
    const networks = await engine.must("inspect", "--format", "{{json .NetworkSettings.Networks}}", container);
    const [network = "", settings] =
      Object.entries(JSON.parse(networks) as Record<string, { Aliases: string[] }>)[0] ?? [];
    // Docker forgets what it is known as there.
    const aliases = (settings?.Aliases ?? []).flatMap((alias) => ["--alias", alias]);
    await engine.must("network", "disconnect", network, container);
    await pass(seconds);
    await engine.must("network", "connect", ...aliases, network, container);
  },
  "out of memory": async (engine: OwnEngine, container: string) => {
    await engine.exhaustMemory(container);
  },
} as const;

/** What happens to which part: in a plain run one part is cut off, in a long one each trouble meets each part. */
export function cells(parts: readonly string[]): { seed: number; chain: { part: string; trouble: string }[] } {
  const decided = seed(1);
  const random = generator(decided);
  const kinds = Object.keys(troubles);
  if (isLong) {
    return { seed: decided, chain: parts.flatMap((part) => kinds.map((trouble) => ({ part, trouble }))) };
  }
  const [part = ""] = shuffled(parts, random);
  return { seed: decided, chain: [{ part, trouble: cutOff }] };
}

export function pass(time: number): Promise<void> {
  return stopwatches.wait.during(() => pause(time));
}
