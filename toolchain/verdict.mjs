// How a QA run ended: its exit code and its last line.

/** What the exit code tells: the stage that failed first. */
export const codes = { "set-up": 1, up: 2, acceptance: 3, destroy: 4, interrupted: 130 };

/** One sentence for all that went wrong; nothing is kept of a run that was only interrupted. */
export function verdict({ stack, failures, times, gone, passed, report, folder }) {
  const [first] = failures;
  if (first === undefined) {
    const words = `✔ Stack ${stack} came up, passed ${passed} tests and is gone again (${times.join(", ")}; ${report})`;
    return { code: 0, words };
  }
  const words = failures.map((failure) => failure.words.replace(/\.$/, "")).join("; then ");
  const isKept = failures.some(({ stage }) => stage !== "interrupted");
  const kept = isKept ? `the logs are in ${folder}; ` : "";
  const left = gone ? `nothing of stack ${stack} is left` : "the next `npm run qa` takes away what is left";
  return { code: codes[first.stage], words: `✘ ${words[0].toUpperCase()}${words.slice(1)}; ${kept}${left}.` };
}
