import type { BackingName, MicroserviceEntry, NoPartsName } from "../service.ts";

/** What the article links to every microservice. */
const everything: readonly BackingName[] = ["db", "memcache", "rmq", "consul", "elastic"];

/** Every microservice, by the name that it has in Consul and in the load balancer's paths. */
export const microservices = {
  user: { source: "services/rosi_user_service", uses: everything },
  catalog: { source: "services/rosi_catalog_service", uses: everything },
} satisfies Record<string, MicroserviceEntry> & NoPartsName;
