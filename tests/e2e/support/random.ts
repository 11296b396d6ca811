/**
 * What decides a test's random choices. A plain run makes the usual ones, so that it fails for what has been changed and
 * nothing else; a long one makes others each time. MIA_SEED repeats those of an earlier run.
 */
export function seed(usual: number): number {
  return Number(process.env["MIA_SEED"] ?? (process.env["MIA_LONG"] ? Math.floor(Math.random() * 100_000) : usual));
}

/** Whether full counts were asked for: `npm run test:long`. */
export const isLong = Boolean(process.env["MIA_LONG"]);

/** Evenly chosen ones of these, so many in a plain run; all in a long one. */
export function some<T>(all: readonly T[], count: number): T[] {
  return isLong
    ? [...all]
    : all.filter((_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length));
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same things in an order that the numbers decide. */
export function shuffled<T>(things: readonly T[], random: () => number): T[] {
  return things
    .map((thing) => ({ thing, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ thing }) => thing);
}
