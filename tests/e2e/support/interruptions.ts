import { generator, seed } from "./random.ts";

/** A run that is interrupted: how, and when. */
export interface Interruption {
  readonly signal: "SIGINT" | "SIGKILL";
  readonly stage: string;
  /** So long after the stage's beginning. */
  readonly seconds: number;
}

/** About how long each stage takes. */
const stages = { up: 20, acceptance: 4, destroy: 10 };

/**
 * What interrupts a chain of runs: each stage at its beginning and at a moment in it, in both ways; three of them in a plain
 * run, one for each stage. MIA_SEED repeats them.
 */
export function interruptions(): { seed: number; chain: Interruption[]; ownState: boolean } {
  const decided = seed();
  const random = generator(decided);
  const all = Object.entries(stages).flatMap(([stage, length]) =>
    (["SIGINT", "SIGKILL"] as const).flatMap((signal) => [
      { signal, stage, seconds: 0 },
      { signal, stage, seconds: random() * length },
    ]),
  );
  const ownState = random() < 0.5;
  if (process.env["MIA_LONG"]) return { seed: decided, chain: all, ownState };
  // Both ways are among them.
  const first = random() < 0.5 ? 0 : 1;
  const chain = Object.keys(stages).flatMap((stage, i) => {
    const signal = (["SIGINT", "SIGKILL"] as const)[(first + i) % 2];
    const moments = all.filter((one) => one.stage === stage && one.signal === signal);
    return moments.slice(random() < 0.5 ? 0 : 1).slice(0, 1);
  });
  return { seed: decided, chain, ownState };
}
