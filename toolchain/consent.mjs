// What is asked before data goes.

import { createInterface } from "node:readline/promises";
import { SetupError } from "./steps.mjs";

/** Whether the user says yes. @throws SetupError where nobody can be asked. */
export async function consent(words) {
  if (!process.stdin.isTTY) throw new SetupError(`${words} Nobody can be asked here: add --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D are no.
  const answer = await terminal.question(`${words} Go on? [y/N] `).catch(() => "");
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
