import { stackOutputs } from "./outputs.ts";

const { replicas } = stackOutputs();

/** Whether the stack runs a service: `mia:services` may leave it out. */
function runs(service: string): boolean {
  return service in replicas;
}

/** Declares a test only where the stack runs all of these services. */
export function itWhere(services: readonly string[], title: string, body: () => Promise<void>): void {
  if (services.every(runs)) it(title, body);
}
