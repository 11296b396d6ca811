import { stackOutputs } from "./outputs.ts";

const { replicas } = stackOutputs();

/** Whether the stack runs a service: `mia:services` may leave it out. */
function runs(service: string): boolean {
  return service in replicas;
}

/** A test of a stack that runs all of these services; other stacks have no such test. */
export function itWhere(services: readonly string[], title: string, body: () => Promise<void>): void {
  if (services.every(runs)) it(title, body);
}
