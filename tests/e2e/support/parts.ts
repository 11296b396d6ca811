/** What the load balancer serves, by name. */
export const services = ["catalog", "keeplounge", "keepwww", "user"];

/** All containers of a platform, by name. */
export const parts = [...services, "consul", "db", "edge", "elastic", "lb", "memcache", "registrator", "rmq"].sort();

/** The containers of a small platform (Clone.reduce, Clone.select) with these services: `user` has a database, front ends none. */
export function reducedParts(names: readonly string[]): string[] {
  const used = names.includes("user") ? ["db"] : [];
  return [...names, ...used, "consul", "edge", "lb", "registrator"].sort();
}

/** A name without what Pulumi has put behind it. */
export function withoutSuffix(name: string): string {
  return name.replace(/-[0-9a-f]{7}$/, "");
}
