/** The oldest Docker engine: before it, threads can't start in images of today's distributions (clone3 gives EPERM). */
export const minimumEngine = "20.10.10";

/**
 * Whether a version such as `3.253.0` or `v20.10.24+dfsg1` is at least another.
 * @param {string} version
 * @param {string} minimum
 * @returns {boolean}
 */
export function atLeast(version, minimum) {
  const [a, b] = [version, minimum].map((text) => (text.match(/\d+/g) ?? ["0"]).map(Number));
  for (let i = 0; i < b.length; i++) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  }
  return true;
}
