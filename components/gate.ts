import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import { settled, stillHealthy } from "./healthy.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { lastLogLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";
import type { Service } from "./service.ts";
import { sweep } from "./sweep.ts";
import { valueOf } from "./value.ts";

/** What the gate waits for. */
export interface GateArgs {
  loadBalancer: LoadBalancer;
  /** Consul's HTTP API. */
  consulUrl: pulumi.Output<string>;
  /** The machine that all of it runs on. */
  machine: Machine;
  /** Every part of the infrastructure, once it is healthy. */
  ready: readonly Promise<docker.Container>[];
  services: readonly Service[];
  /** How long the load balancer may take to answer once all are healthy. @default 30 */
  answerSeconds?: number;
}

/**
 * The last thing of every `up`: it passes when every part is healthy, the load balancer answers, and what nginx has
 * loaded holds every instance of every service, which only those are whose check passes in Consul. So an `up` that
 * succeeded means a platform that answers, also when nothing had to be changed. Until then the old ones serve beside the
 * new; then they are swept away, before Pulumi would delete them after the program's end.
 */
export class Gate extends pulumi.ComponentResource {
  /** Settles when the gate has passed, or with what keeps it shut; in a preview, at once. */
  readonly passed: Promise<boolean>;

  constructor(name: string, args: GateArgs, opts?: pulumi.ComponentResourceOptions) {
    const all = Promise.all([...args.ready, ...args.services.flatMap(({ running }) => running)]);
    super("mia:platform:Gate", name, { url: args.loadBalancer.url }, { ...opts, dependsOn: all });
    this.passed = all.then((containers) => pass(args, this, containers));
    this.registerOutputs();
  }
}

/** In a preview nothing is asked: what runs now is not what it is about. */
async function pass(args: GateArgs, gate: pulumi.Resource, containers: docker.Container[]): Promise<boolean> {
  if (pulumi.runtime.isDryRun()) return true;
  const { loadBalancer, services, machine, answerSeconds = 30 } = args;
  await answers(loadBalancer, answerSeconds, gate);
  const instances = services.flatMap((service) => service.instances.map((instance) => ({ service, instance })));
  const waiting = Promise.all(instances.map(({ service, instance }) => loaded(service, instance, args)));
  await Promise.all([waiting, revive(containers, waiting)]);
  await Promise.all(containers.map((container) => settled(container, machine)));
  await sweep(containers, machine, gate);
  return true;
}

async function answers(loadBalancer: LoadBalancer, seconds: number, gate: pulumi.Resource): Promise<void> {
  const [url, statusUrl] = await Promise.all([valueOf(loadBalancer.url), valueOf(loadBalancer.statusUrl)]);
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const refusal = (await refusalOf(url)) ?? (await refusalOf(`${statusUrl}/health`, 200));
    if (refusal === undefined) return;
    if (Date.now() > deadline) {
      const message = `The platform's containers are healthy, but the load balancer does not answer at ${url} (${refusal}): see \`docker logs\` of its container.`;
      throw new pulumi.ResourceError(message, gate, true);
    }
    await sleep(100);
  }
}

/** Any answer will do, since without a service it is a 503, unless a status is asked for. */
async function refusalOf(url: string, status?: number): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    const text = await response.text();
    return status === undefined || response.status === status ? undefined : text.trim();
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}

/** While instances are waited for, starts again what has ended meanwhile by a stop of before. */
async function revive(containers: readonly docker.Container[], waiting: Promise<unknown>): Promise<void> {
  const end = waiting.then(() => true);
  while (!(await Promise.race([end, sleep(2000, false, { ref: false })])))
    await Promise.all(containers.map(stillHealthy));
}

/** Waits until nginx has loaded an instance of the service. */
async function loaded(service: Service, id: pulumi.Output<string>, args: GateArgs): Promise<void> {
  const { machine } = args;
  const [statusUrl, consulUrl] = await Promise.all([valueOf(args.loadBalancer.statusUrl), valueOf(args.consulUrl)]);
  const { serviceName, readySeconds } = service;
  const instance = await valueOf(id);
  const deadline = Date.now() + readySeconds * 1000;
  let shown = "";
  while (!(await isLoaded(statusUrl, instance))) {
    const check = await lastCheck(consulUrl, serviceName, instance);
    // Shown while it goes on, and gone afterwards.
    if (check !== shown) void pulumi.log.info(`not in the load balancer yet (${check})`, service, undefined, true);
    shown = check;
    if (Date.now() > deadline) {
      const container = instance.slice(0, instance.lastIndexOf(":"));
      throw new pulumi.ResourceError(
        `${serviceName} runs, but was not in the load balancer within ${String(readySeconds)} s (${check}${check.startsWith("Consul: passing") ? ": see the log of lb" : ""}). ` +
          `Its last log lines:\n${await lastLogLines(machine.address, container)}`,
        service,
        true,
      );
    }
    await sleep(200);
  }
}

async function isLoaded(statusUrl: string, instance: string): Promise<boolean> {
  const services = await ask<{ instances: { id: string }[] }[]>(`${statusUrl}/services`);
  return (services ?? []).some(({ instances }) => instances.some(({ id }) => id.endsWith(`:${instance}`)));
}

/** What Consul knows of the instance, in words. */
async function lastCheck(consulUrl: string, service: string, instance: string): Promise<string> {
  const checks = await ask<{ ServiceID: string; Status: string; Output: string }[]>(
    `${consulUrl}/v1/health/checks/${service}`,
  );
  if (checks === undefined) return "Consul does not answer";
  const own = checks.filter(({ ServiceID }) => ServiceID.endsWith(`:${instance}`));
  const check = own.find(({ Status }) => Status !== "passing") ?? own[0];
  if (check === undefined) return "Consul does not know it";
  return `Consul: ${check.Status} ${check.Output.trim()}`.trim();
}

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    return (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json()) as T;
  } catch {
    return undefined;
  }
}
