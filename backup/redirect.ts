import type { Dump } from "../platform/backup.ts";

/** No line that names a database is longer. */
const longest = 300;

/**
 * A dump whose databases go into others: `target` says into which, or undefined for one that is left out. What comes before
 * the first stays, and no line is kept in memory that may be long.
 */
export async function* redirect(
  source: AsyncIterable<Buffer>,
  { databaseAfter, into }: Pick<Dump, "databaseAfter" | "into">,
  target: (database: string) => string | undefined,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let isLong = false;
  let isTaken = true;
  for await (const chunk of source) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    let line = 0;
    for (let end = data.indexOf("\n"); end >= 0; end = data.indexOf("\n", line)) {
      const database = isLong || end - line > longest ? undefined : databaseAfter(data.toString("utf8", line, end));
      if (database !== undefined) {
        if (isTaken && line > from) yield data.subarray(from, line);
        const to = target(database);
        isTaken = to !== undefined;
        if (to !== undefined) yield Buffer.from(`${into(to)}\n`);
        from = end + 1;
      }
      isLong = false;
      line = end + 1;
    }
    isLong ||= data.length - line > longest;
    const whole = isLong ? data.length : line;
    if (isTaken && whole > from) yield data.subarray(from, whole);
    rest = data.subarray(whole);
  }
  if (isTaken && rest.length > 0) yield rest;
}
