import type { FrontendEntry, NoPartsName } from "../service.ts";
import type { microservices } from "./microservices.ts";

/** Nor those of the microservices. */
type NoMicroservicesName = Partial<Record<keyof typeof microservices, "no front end: a microservice has this name">>;

/** Every front end, by the name that it has in Consul, in the load balancer's paths and before `.localhost`. */
export const frontends = {
  keeplounge: { source: "frontend/keep_lounge", product: "keep" },
  keepwww: { source: "frontend/keep_www", product: "keep" },
} satisfies Record<string, FrontendEntry> & NoPartsName & NoMicroservicesName;
