// An interruption, heard once: what is under way is told, and then all is taken away that there is; more signals change nothing.

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Listens from now on; `heard` is called for the first signal. @returns {AbortSignal} aborted by it */
export function listen(heard) {
  const controller = new AbortController();
  const hear = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    heard();
  };
  for (const signal of signals) process.on(signal, hear);
  // npm, killed, tells nobody; the script of package.json has no shell between it and this.
  const parent = process.ppid;
  const watch = () => process.ppid !== parent && hear();
  if (process.env.npm_lifecycle_event !== undefined) setInterval(watch, 500).unref();
  // Whoever read what we say may be gone, such as a terminal that was closed.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return controller.signal;
}
