/** The longest that it gets. */
const longest = 300;

/** A program's output as a part of a sentence: on one line, and cut where it is long. */
export function oneLine(output: string): string {
  const line = output.trim().replace(/\s+/g, " ");
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
