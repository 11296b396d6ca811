/** A program's words as a part of a sentence: on one line. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** The longest quotation, in characters. */
const longest = 300;

/** The same of an output that may be long, such as a web page: the beginning of it. */
export function quoted(output: string): string {
  const line = oneLine(output);
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
