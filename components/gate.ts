import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import { settled } from "./healthy.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { allLoaded, type LoadedArgs } from "./loaded.ts";
import { sweep } from "./sweep.ts";
import { valueOf } from "./value.ts";

/** What the gate waits for. */
export interface GateArgs extends LoadedArgs {
  /** Every part of the infrastructure, once it is healthy. */
  ready: readonly Promise<docker.Container>[];
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
  const { loadBalancer, machine, answerSeconds = 30 } = args;
  await answers(loadBalancer, answerSeconds, gate);
  await allLoaded(args, containers);
  const there = await settled(containers, machine, gate);
  await sweep(containers, there, machine, gate);
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
