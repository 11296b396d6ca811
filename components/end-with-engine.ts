import { connect } from "node:net";

/**
 * Ends this program soon after the engine that runs it: one that was killed can't say so, and what waits here for
 * containers would wait, and ask, for ever.
 */
export function endWithEngine(): void {
  const [host, port] = process.env["PULUMI_NODEJS_ENGINE"]?.split(":") ?? [];
  if (host === undefined || port === undefined) return;
  const timer = setInterval(() => {
    const probe = connect(Number(port), host).unref();
    probe.once("error", () => process.exit(1));
    probe.once("connect", () => probe.destroy());
  }, 1000);
  timer.unref();
}
