/** Counts how often something was done, and the seconds in which it was going on at least once. */
export class Stopwatch {
  count = 0;
  private finished = 0;
  private active = 0;
  private since = 0;

  /** Runs the body and measures it; overlapping runs count each second once. */
  async during<T>(body: () => Promise<T>): Promise<T> {
    const stop = this.start();
    try {
      return await body();
    } finally {
      stop();
    }
  }

  /** Starts a measurement and returns the function that ends it. */
  start(): () => void {
    this.count++;
    if (this.active++ === 0) this.since = Date.now();
    return () => {
      if (--this.active === 0) this.finished += Date.now() - this.since;
    };
  }

  get seconds(): number {
    return (this.finished + (this.active > 0 ? Date.now() - this.since : 0)) / 1000;
  }
}

/** What the end-to-end tests of this process have spent their time on. Categories may overlap. */
export const stopwatches = { up: new Stopwatch(), destroy: new Stopwatch(), wait: new Stopwatch() };

/** The stopwatch of a command that brings a stack up or removes it; undefined for all other commands. */
export function stopwatchOf(command: string, args: readonly string[]): Stopwatch | undefined {
  const words = [command, ...args];
  if (!words.some((word) => /(^|\/)(pulumi|npm|mia\.mjs)$/.test(word))) return undefined;
  if (words.includes("up")) return stopwatches.up;
  return words.includes("destroy") || words.includes("down") ? stopwatches.destroy : undefined;
}

/** A snapshot of all stopwatches. */
export interface Spent {
  readonly seconds: number;
  readonly ups: number;
  readonly upSeconds: number;
  readonly destroys: number;
  readonly destroySeconds: number;
  readonly waitSeconds: number;
}

/** What this process has spent since its start. */
export function spentSoFar(): Spent {
  const { up, destroy, wait } = stopwatches;
  return {
    seconds: performance.now() / 1000,
    ups: up.count,
    upSeconds: up.seconds,
    destroys: destroy.count,
    destroySeconds: destroy.seconds,
    waitSeconds: wait.seconds,
  };
}

/** Combines two snapshots number by number. */
export function combine(one: Spent, other: Spent, by: (a: number, b: number) => number): Spent {
  const keys = Object.keys(one) as (keyof Spent)[];
  return Object.fromEntries(keys.map((key) => [key, by(one[key], other[key])])) as unknown as Spent;
}
