import { type bases, common } from "./catalogue/common.ts";
import { checkEntries } from "./entries.ts";
import type { backingNames, partNames } from "./names.ts";

/** What a service can use; each is a part of the infrastructure. */
export type BackingName = (typeof backingNames)[number];

/** The image of our own that a service runs in. */
export type BaseName = keyof typeof bases;

/** Further variables of a service. What Registrator is told is not among them: it follows from the entry. */
export interface Variables {
  readonly [name: string]: string;
  readonly [name: `SERVICE_${string}`]: "no value: SERVICE_ variables follow from the entry";
}

/** What an entry may say of any service. */
interface Entry {
  /** Its folder, relative to the project's. */
  readonly source: string;
  /** @default none */
  readonly environment?: Variables;
  /** Its memory limit. @default common.ts's */
  readonly memoryMib?: number;
  /** How long it may take from its start until the load balancer has it, in seconds. @default common.ts's */
  readonly readySeconds?: number;
}

/** Names that no service may have: those of the infrastructure's parts. */
export type NoPartsName = Partial<
  Record<(typeof partNames)[number], "no service: a part of the infrastructure has this name">
>;

/** A microservice of the catalogue: it answers on port 3000, and its /health says whether it can do its work. */
export interface MicroserviceEntry extends Entry {
  /** What it uses: it gets the variables of a link to each, and credentials of its own where there are some. */
  readonly uses: readonly BackingName[];
  /** What it runs in. @default rails */
  readonly base?: "rails" | "node";
}

/** A front end of the catalogue: files for a browser, served on port 80. */
export interface FrontendEntry extends Entry {
  /** What it belongs to: its second tag. */
  readonly product: string;
}

/** A service, whole: what its entry says and what it has in common with others. */
export interface Service {
  readonly source: string;
  readonly base: BaseName;
  readonly role: "backend" | "frontend";
  readonly tags: readonly string[];
  readonly port: number;
  readonly checkPath: string;
  readonly uses: readonly BackingName[];
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMib: number;
  readonly readySeconds: number;
}

/**
 * Every service by name, whole.
 * @throws ConfigError that names all that is wrong with the entries: what runs them has not been compiled.
 */
export function wholeServices(
  microservices: Readonly<Record<string, MicroserviceEntry>>,
  frontends: Readonly<Record<string, FrontendEntry>>,
): Record<string, Service> {
  checkEntries(microservices, frontends);
  const { microservice, frontend } = common;
  const services: Record<string, Service> = {};
  for (const [name, { environment, ...entry }] of Object.entries(microservices)) {
    const variables = { PORT: String(microservice.port), ...environment };
    services[name] = { ...microservice, ...entry, environment: variables, tags: [microservice.role, name] };
  }
  for (const [name, { product, environment = {}, ...entry }] of Object.entries(frontends)) {
    services[name] = { ...frontend, ...entry, environment, uses: [], tags: [frontend.role, product, name] };
  }
  return services;
}
