import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import { quoted } from "../platform/one-line.ts";
import { stillHealthy } from "./healthy.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { lastLogLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";
import type { Service } from "./service.ts";
import { valueOf } from "./value.ts";

/** Who is to know of whom. */
export interface LoadedArgs {
  loadBalancer: LoadBalancer;
  /** Consul's HTTP API. */
  consulUrl: pulumi.Output<string>;
  /** The machine that all of it runs on. */
  machine: Machine;
  services: readonly Service[];
}

/** An instance of a service. */
interface Instance {
  readonly service: Service;
  /** The end of its id in Consul: `<container>:<port>`. */
  readonly instance: string;
  readonly deadline: number;
  /** What was said of it last. */
  said: string;
}

interface Check {
  readonly ServiceID: string;
  readonly Status: string;
  readonly Output: string;
}

/**
 * Waits until nginx has loaded every instance of every service, and Consul calls each passing. Asked of all at once: with
 * many services, a question for each would be more work than they are.
 * @throws ResourceError of the service one of whose instances takes too long, with the last log lines.
 */
export async function allLoaded(
  { loadBalancer, consulUrl, machine, services }: LoadedArgs,
  containers: readonly docker.Container[],
): Promise<void> {
  const [status, consul] = await Promise.all([valueOf(loadBalancer.statusUrl), valueOf(consulUrl)]);
  const instances = await Promise.all(services.flatMap(instancesOf));
  let looked = Date.now();
  let calm = 0;
  for (;;) {
    const [ids, checks] = await Promise.all([loadedIds(status), ask<Check[]>(`${consul}/v1/health/state/any`)]);
    const missing = instances.filter((one) => !isIn(ids, one) || !passes(one, checks));
    // Where nginx has what Consul does not call passing, such as after Consul has lost its data, it will hear of that.
    if (missing.some((one) => isIn(ids, one))) calm = Date.now() + 2000;
    if (missing.length === 0 && Date.now() >= calm) return;
    await Promise.all(missing.map((one) => wait(one, wordsOf(one, checks), machine)));
    await sleep(200);
    if (Date.now() - looked < 2000) continue;
    // Some may have ended meanwhile, by a stop of before.
    await Promise.all(containers.map(stillHealthy));
    looked = Date.now();
  }
}

function instancesOf(service: Service): Promise<Instance>[] {
  const deadline = Date.now() + service.readySeconds * 1000;
  return service.instances.map(async (id) => ({ service, instance: await valueOf(id), deadline, said: "" }));
}

async function loadedIds(statusUrl: string): Promise<string[]> {
  const services = await ask<{ instances: { id: string }[] }[]>(`${statusUrl}/services`);
  return (services ?? []).flatMap(({ instances }) => instances.map(({ id }) => id));
}

function isIn(ids: readonly string[], { instance }: Instance): boolean {
  return ids.some((id) => id.endsWith(`:${instance}`));
}

function ownOf({ instance }: Instance, checks: readonly Check[] = []): readonly Check[] {
  return checks.filter(({ ServiceID }) => ServiceID.endsWith(`:${instance}`));
}

function passes(instance: Instance, checks: readonly Check[] | undefined): boolean {
  const own = ownOf(instance, checks);
  return own.length > 0 && own.every(({ Status }) => Status === "passing");
}

/** What Consul knows of the instance. */
function wordsOf(instance: Instance, checks: readonly Check[] | undefined): string {
  if (checks === undefined) return "Consul does not answer";
  const own = ownOf(instance, checks);
  const check = own.find(({ Status }) => Status !== "passing") ?? own[0];
  if (check === undefined) return "Consul does not know it";
  return `Consul: ${check.Status} ${quoted(check.Output)}`.trim();
}

/** Says how it is, where that is new; shown while it goes on, and gone afterwards. */
async function wait(one: Instance, words: string, { address }: Machine): Promise<void> {
  const { service, instance, deadline, said } = one;
  const { serviceName, readySeconds } = service;
  if (words !== said) void pulumi.log.info(`not in the load balancer yet (${words})`, service, undefined, true);
  one.said = words;
  if (Date.now() <= deadline) return;
  const hint = words.startsWith("Consul: passing") ? ": see the log of lb" : "";
  const container = instance.slice(0, instance.lastIndexOf(":"));
  throw new pulumi.ResourceError(
    `${serviceName} runs, but was not in the load balancer within ${String(readySeconds)} s (${words}${hint}). ` +
      `Its last log lines:\n${await lastLogLines(address, container)}`,
    service,
    true,
  );
}

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    return (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json()) as T;
  } catch {
    return undefined;
  }
}
