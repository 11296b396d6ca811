import type { Environment } from "./environment.ts";

/** What Registrator and Consul are told of a service on a port of its container. */
export interface Registration {
  /** The service's name in Consul, and in the load balancer's paths. */
  readonly name: string;
  /** What templates choose by: `backend` or `frontend` makes it a route of the load balancer. */
  readonly tags: readonly string[];
  readonly port: number;
  /** The path that answers 200 while the service is well. */
  readonly checkPath: string;
}

/**
 * The `SERVICE_*` variables of a container. Everything is said of the port, but for the platform: Registrator registers
 * every stack's containers in every stack's Consul, and by this each knows its own.
 */
export function registrationVariables(
  environment: Environment,
  { name, tags, port, checkPath }: Registration,
): Record<string, string> {
  const of = `SERVICE_${String(port)}`;
  return {
    SERVICE_PLATFORM: environment.platform,
    [`${of}_NAME`]: name,
    [`${of}_TAGS`]: tags.join(","),
    [`${of}_CHECK_HTTP`]: checkPath,
    [`${of}_CHECK_INTERVAL`]: "2s",
    // Longer than a request may have to wait behind others: who is busy is not ill, and without it the rest would be too.
    [`${of}_CHECK_TIMEOUT`]: "5s",
    // For one whose container ended while Registrator was away; one that only fails is registered again by its resync.
    [`${of}_CHECK_DEREGISTER_AFTER`]: "10m",
  };
}

/** How Registrator is started: it knows only what carries a name, and tells Consul again what that may have lost. */
export function registratorCommand({ serviceAddress }: Environment): string[] {
  return [
    serviceAddress === "" ? "-internal" : `-ip=${serviceAddress}`,
    "-explicit",
    "-cleanup",
    "-resync=10",
    "-retry-attempts=-1",
    "-retry-interval=250",
    "consul://consul:8500",
  ];
}
