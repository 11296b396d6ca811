import { consul } from "./catalogue/infrastructure.ts";
import type { Environment } from "./environment.ts";

/**
 * How Consul is started. What it advertises comes from the machine: the address under which services are registered, or
 * its container's own.
 */
export function consulCommand({ serviceAddress }: Environment): string[] {
  return serviceAddress === "" ? consul.command : [...consul.command, `-advertise=${serviceAddress}`];
}
