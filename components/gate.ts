import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadBalancer } from "./load-balancer.ts";

/** What the gate waits for. */
export interface GateArgs {
  loadBalancer: LoadBalancer;
  /** Every part of the platform, once it is healthy. */
  ready: readonly Promise<docker.Container>[];
  /** How long the load balancer may take to answer once all are healthy. @default 30 */
  answerSeconds?: number;
}

/**
 * The last thing of every `up`: it passes when every part is healthy and the load balancer answers, so that an `up`
 * that succeeded means a platform that answers, also when nothing had to be changed.
 */
export class Gate extends pulumi.ComponentResource {
  /** Settles when the gate has passed, or with what keeps it shut; in a preview, at once. */
  readonly passed: Promise<boolean>;

  constructor(
    name: string,
    { loadBalancer, ready, answerSeconds = 30 }: GateArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const all = Promise.all(ready);
    super("mia:platform:Gate", name, { url: loadBalancer.url }, { ...opts, dependsOn: all });
    this.passed = all.then(() => answers(loadBalancer.url, answerSeconds, this));
    this.registerOutputs({ passed: this.passed });
  }
}

/** In a preview nothing is asked: what runs now is not what it is about. */
async function answers(url: string, seconds: number, gate: pulumi.Resource): Promise<boolean> {
  if (pulumi.runtime.isDryRun()) return true;
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const refusal = await refusalOf(url);
    if (refusal === undefined) return true;
    if (Date.now() > deadline) {
      const message = `The platform's containers are healthy, but the load balancer does not answer at ${url} (${refusal}): see \`docker logs\` of its container.`;
      throw new pulumi.ResourceError(message, gate, true);
    }
    await sleep(100);
  }
}

/** Any answer of the load balancer's will do: without a service it is a 503 of its own. */
async function refusalOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.text();
    return undefined;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
