import { type Victim, victims } from "./crashes.ts";
import { generator, seed } from "./random.ts";

/** A run that is interrupted: how, and when. */
export interface Interruption {
  /** What its whole process group gets, or whoever alone is killed. */
  readonly by: "SIGINT" | "SIGKILL" | Victim;
  readonly stage: string;
  /** So long after the stage's beginning. */
  readonly seconds: number;
}

/** About how long each stage takes. */
const stages = { up: 20, acceptance: 4, destroy: 10 };

/**
 * What interrupts a chain of runs. In a plain run one is killed in its `up`. In a long run each stage is interrupted at its
 * beginning and at a moment in it, in both ways, and loses its CLI, a plugin, the program or the engine. MIA_SEED repeats them.
 */
export function interruptions(): { seed: number; chain: Interruption[]; ownState: boolean } {
  const decided = seed(59587);
  const random = generator(decided);
  const all = Object.entries(stages).flatMap(([stage, length]) =>
    (["SIGINT", "SIGKILL"] as const).flatMap((by) => [
      { by, stage, seconds: 0 },
      { by, stage, seconds: random() * length },
    ]),
  );
  // An acceptance has none of them, and a destroy no program.
  const killed = (Object.keys(victims) as Victim[]).flatMap((by) =>
    (["CLI", "plugin", "engine"].includes(by) ? (["up", "destroy"] as const) : (["up"] as const)).map((stage) => {
      return { by, stage, seconds: random() * stages[stage] * 0.5 };
    }),
  );
  const ownState = random() < 0.5;
  if (process.env["MIA_LONG"]) return { seed: decided, chain: [...all, ...killed], ownState };
  // qa.test.ts interrupts runs by signals that they hear.
  const chain = all.filter(({ stage, by, seconds }) => stage === "up" && by === "SIGKILL" && seconds > 0);
  return { seed: decided, chain, ownState };
}
