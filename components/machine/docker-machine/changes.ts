/** What two command lines of `docker-machine create` differ in, in words. */
export function changes(before: readonly string[], now: readonly string[]): string {
  const [was, is] = [values(before), values(now)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((flag) => was.get(flag) !== is.get(flag))
    .map((flag) => {
      const old = was.get(flag);
      const fresh = is.get(flag);
      if (fresh === undefined) return `no ${flag}, which it was made with`;
      return `${flag} ${fresh} (${old === undefined ? "it was made without" : `it was made with ${old}`})`;
    })
    .join(", ");
}

/** The values of each flag, by its name. */
function values(flags: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  flags.forEach((flag, i) => {
    if (!flag.startsWith("-")) return;
    const next = flags[i + 1] ?? "";
    const value = next.startsWith("-") ? "" : next;
    found.set(flag, [...(found.has(flag) ? [found.get(flag)] : []), value].join(" "));
  });
  return found;
}
