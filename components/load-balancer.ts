import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { loadBalancer as definition } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import { singleton } from "./container.ts";
import { healthy } from "./healthy.ts";
import { Image } from "./image.ts";
import type { Infrastructure } from "./infrastructure.ts";
import type { Network } from "./network.ts";
import { httpUrl } from "./url.ts";

/** What a LoadBalancer is made of. */
export interface LoadBalancerArgs {
  environment: Environment;
  network: Network;
  /** The Consul that knows the services. */
  consul: Infrastructure;
}

/** The platform's front door: nginx, whose routes consul-template writes live from what Consul knows. */
export class LoadBalancer extends pulumi.ComponentResource {
  /** Where the platform answers. */
  readonly url: string;
  /** Where the load balancer shows its own state. */
  readonly statusUrl: string;
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** Its container, once it is healthy. */
  readonly ready: Promise<docker.Container>;

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, consul } = args;
    const { publishAddress: address, ports } = environment;
    const { machine } = network;
    super(
      "mia:platform:LoadBalancer",
      name,
      { publishAddress: address, ...ports },
      { ...opts, providers: [machine.provider] },
    );

    const image = new Image(
      name,
      { context: definition.context, buildArgs: { IMAGES: environment.images }, machine },
      { parent: this },
    );
    const container = singleton(
      name,
      {
        platform: environment.platform,
        network,
        image: image.imageName,
        environment: { CONSUL_HTTP_ADDR: "consul:8500", PLATFORM: environment.platform },
        ports: [
          { container: 80, address, port: ports.http },
          { container: 8181, address, port: ports.status },
        ],
        healthCheck: definition.healthCheck,
        memoryMib: definition.memoryMib,
        stopSeconds: definition.stopSeconds,
      },
      { parent: this, dependsOn: consul.ready },
    );
    this.url = httpUrl(address, ports.http);
    this.statusUrl = httpUrl(address, ports.status);
    this.imageName = image.imageName;
    this.ready = healthy(container, { part: name, engine: machine.address, readySeconds: definition.readySeconds });
    this.registerOutputs({ url: this.url, statusUrl: this.statusUrl, imageName: this.imageName });
  }
}
