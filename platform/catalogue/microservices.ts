/** What a service can use; each is a part of the infrastructure. */
export type BackingName = "db";

/** A Rails microservice. It answers on port 3000, and its /health says whether it can do its work. */
export interface Microservice {
  /** Its folder, relative to the project's. */
  readonly source: string;
  /** What it uses: it gets the variables of a link to each, and credentials of its own where there are some. */
  readonly uses: readonly BackingName[];
  /** Its memory limit. @default 384 */
  readonly memoryMib?: number;
  /** How long it may take from its start until the load balancer has it, in seconds. @default 60 */
  readonly readySeconds?: number;
}

/** Every microservice, by the name that it has in Consul and in the load balancer's paths. */
export const microservices = {
  user: { source: "services/rosi_user_service", uses: ["db"] },
} satisfies Record<string, Microservice>;
