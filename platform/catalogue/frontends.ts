import type { FrontendEntry } from "../service.ts";

/** Every front end, by the name that it has in Consul, in the load balancer's paths and before `.localhost`. */
export const frontends = {
  keeplounge: { source: "frontend/keep_lounge", product: "keep" },
  keepwww: { source: "frontend/keep_www", product: "keep" },
} satisfies Record<string, FrontendEntry>;
