/** What the load balancer serves, by name. */
export const services = ["catalog", "keeplounge", "keepwww", "user"];

/** All containers of a platform, by name. */
export const parts = [...services, "consul", "db", "elastic", "lb", "memcache", "registrator", "rmq"].sort();
