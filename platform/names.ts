/** The parts of the infrastructure that a service can use. */
export const backingNames = ["db", "memcache", "rmq", "consul", "elastic"] as const;

/** All parts of the infrastructure: no service may have one of these names. */
export const partNames = [...backingNames, "edge", "lb", "registrator"] as const;

/**
 * The name of a part on an engine, `<project>-<stack>-<part>`, so that stacks share an engine without meeting;
 * without a part, the name of what the whole platform shares.
 */
export function physicalName(platform: string, part?: string): string {
  return part === undefined ? platform : `${platform}-${part}`;
}
