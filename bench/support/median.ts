/** How often each figure is taken. MIA_BENCH_ROUNDS makes it fewer while a benchmark is written. */
export const rounds = Number(process.env["MIA_BENCH_ROUNDS"] ?? 5);

/** The middle one: of rounds on a machine that does other things too, the mean would be of those. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Figures by what they are of, a value for each round. */
export class Rounds {
  private readonly values = new Map<string, number[]>();

  add(name: string, value: number): void {
    console.error(`  ${name}: ${value.toFixed(3)}`);
    this.values.set(name, [...(this.values.get(name) ?? []), value]);
  }

  /** The median of all rounds; undefined of what was not measured. */
  of(name: string): number | undefined {
    const values = this.values.get(name);
    return values === undefined ? undefined : median(values);
  }
}

/** How many seconds something takes. */
export async function secondsOf(body: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await body();
  return (performance.now() - from) / 1000;
}
