import assert from "node:assert/strict";
import type { Clone } from "./clone.ts";
import type { OwnEngine } from "./own-engine.ts";
import { services } from "./parts.ts";

/** A service as the load balancer's status port shows it. */
export interface LoadedService {
  readonly name: string;
  readonly instances: readonly { readonly id: string; readonly address: string }[];
}

/** Instances that a test registers in Consul itself, beside those of the platform. */
export class Registrations {
  private readonly engine: OwnEngine;
  private readonly clone: Clone;

  constructor(engine: OwnEngine, clone: Clone) {
    this.engine = engine;
    this.clone = clone;
  }

  /** Registers an instance at the port of the load balancer's own state, which answers as a backend would. */
  async register(name: string, platform: string, check: object = {}): Promise<void> {
    const address = await this.engine.addressOf("mia-dev-edge");
    const body = {
      ID: name,
      Name: name,
      Tags: ["backend"],
      Address: address,
      Port: 8181,
      Meta: { platform },
      ...check,
    };
    const response = await fetch(this.clone.url("consul", "/v1/agent/service/register"), {
      method: "PUT",
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200);
  }

  async deregister(name: string): Promise<void> {
    await fetch(this.clone.url("consul", `/v1/agent/service/deregister/${name}`), { method: "PUT" });
  }

  /** Returns all services that nginx has loaded. */
  async loaded(): Promise<LoadedService[]> {
    return (await (await fetch(this.clone.url("status", "/services"))).json()) as LoadedService[];
  }

  /** Returns the ids of the instances that nginx has loaded and tests have registered. */
  async registered(): Promise<string[]> {
    return (await this.loaded())
      .filter(({ name }) => !services.includes(name))
      .flatMap(({ instances }) => instances.map(({ id }) => id));
  }
}
