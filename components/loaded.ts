import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
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

/** An instance that nginx has not loaded yet. */
interface Waiting {
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
 * Waits until nginx has loaded every instance of every service. Asked of all at once: with many services, a question for
 * each would be more work than they are.
 * @throws ResourceError of the service one of whose instances takes too long, with the last log lines.
 */
export async function allLoaded(
  { loadBalancer, consulUrl, machine, services }: LoadedArgs,
  containers: readonly docker.Container[],
): Promise<void> {
  const [status, consul] = await Promise.all([valueOf(loadBalancer.statusUrl), valueOf(consulUrl)]);
  let waiting = await Promise.all(services.flatMap(instancesOf));
  let looked = Date.now();
  for (;;) {
    const ids = await loadedIds(status);
    waiting = waiting.filter(({ instance }) => !isIn(ids, instance));
    if (waiting.length === 0) return;
    const checks = await ask<Check[]>(`${consul}/v1/health/state/any`);
    await Promise.all(waiting.map((one) => wait(one, wordsOf(one, checks), machine)));
    await sleep(200);
    if (Date.now() - looked < 2000) continue;
    // Some may have ended meanwhile, by a stop of before.
    await Promise.all(containers.map(stillHealthy));
    looked = Date.now();
  }
}

function instancesOf(service: Service): Promise<Waiting>[] {
  const deadline = Date.now() + service.readySeconds * 1000;
  return service.instances.map(async (id) => ({ service, instance: await valueOf(id), deadline, said: "" }));
}

async function loadedIds(statusUrl: string): Promise<string[]> {
  const services = await ask<{ instances: { id: string }[] }[]>(`${statusUrl}/services`);
  return (services ?? []).flatMap(({ instances }) => instances.map(({ id }) => id));
}

function isIn(ids: readonly string[], instance: string): boolean {
  return ids.some((id) => id.endsWith(`:${instance}`));
}

/** What Consul knows of the instance. */
function wordsOf({ instance }: Waiting, checks: readonly Check[] | undefined): string {
  if (checks === undefined) return "Consul does not answer";
  const own = checks.filter(({ ServiceID }) => ServiceID.endsWith(`:${instance}`));
  const check = own.find(({ Status }) => Status !== "passing") ?? own[0];
  if (check === undefined) return "Consul does not know it";
  return `Consul: ${check.Status} ${check.Output.trim()}`.trim();
}

/** Says how it is, where that is new; shown while it goes on, and gone afterwards. */
async function wait(waiting: Waiting, words: string, { address }: Machine): Promise<void> {
  const { service, instance, deadline, said } = waiting;
  const { serviceName, readySeconds } = service;
  if (words !== said) void pulumi.log.info(`not in the load balancer yet (${words})`, service, undefined, true);
  waiting.said = words;
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
