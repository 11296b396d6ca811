import type { BackingName, Service } from "./service.ts";

/** The services that a stack runs: those that its config names, or the whole catalogue where it names none. */
export function selectServices(
  catalogue: Readonly<Record<string, Service>>,
  names: readonly string[],
): Record<string, Service> {
  return Object.fromEntries(Object.entries(catalogue).filter(([name]) => names.length === 0 || names.includes(name)));
}

/** The backing services that these services use: no other one has to run. */
export function backingOf(services: Readonly<Record<string, Service>>): ReadonlySet<BackingName> {
  return new Set(Object.values(services).flatMap(({ uses }) => uses));
}
