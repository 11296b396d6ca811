import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { edge, loadBalancer as definition } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import { replica, singleton } from "./container.ts";
import { DataVolume } from "./data-volume.ts";
import { healthy } from "./healthy.ts";
import type { Images } from "./images.ts";
import type { Infrastructure } from "./infrastructure.ts";
import type { Network } from "./network.ts";

/** What a LoadBalancer is made of. */
export interface LoadBalancerArgs {
  environment: Environment;
  network: Network;
  images: Images;
  /** The Consul that knows the services. */
  consul: Infrastructure;
}

/**
 * The platform's front door: nginx, whose routes consul-template writes live from what Consul knows. A port can be published
 * by one container only, so the edge holds it and passes all on; the load balancer is replaced behind it.
 */
export class LoadBalancer extends pulumi.ComponentResource {
  /** Where the platform answers. */
  readonly url: pulumi.Output<string>;
  /** Where the load balancer shows its own state. */
  readonly statusUrl: pulumi.Output<string>;
  /** The image of the load balancer. */
  readonly imageName: string;
  /** The image of the edge. */
  readonly edgeImageName: string;
  /** Its containers, each once it is healthy. */
  readonly ready: readonly Promise<docker.Container>[];

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, images, consul } = args;
    const { publishAddress: address, ports } = environment;
    const { machine } = network;
    super("mia:platform:LoadBalancer", name, { publishAddress: address, ...ports }, { ...opts, ...machine.placement });

    this.imageName = images.of(name);
    this.edgeImageName = images.of("edge");
    const volume = new DataVolume(definition.shared.volume, { environment, machine, kept: false }, { parent: this });
    const common = {
      network,
      volumes: { [definition.shared.path]: volume.volumeName },
    };

    const edgeContainer = singleton(
      "edge",
      {
        ...common,
        image: this.edgeImageName,
        aliases: ["edge", name],
        ports: [
          { container: 80, address, port: ports.http },
          { container: 8181, address, port: ports.status },
        ],
        memoryMib: edge.memoryMib,
        stopSeconds: edge.stopSeconds,
      },
      { parent: this },
    );

    const container = replica(
      name,
      name,
      {
        ...common,
        image: this.imageName,
        // It is found by its sockets.
        aliases: [],
        environment: { CONSUL_HTTP_ADDR: "consul:8500", PLATFORM: environment.platform },
        healthCheck: definition.healthCheck,
        memoryMib: definition.memoryMib,
        stopSeconds: definition.stopSeconds,
      },
      { parent: this, dependsOn: consul.ready },
    );
    this.url = machine.url(ports.http);
    this.statusUrl = machine.url(ports.status);
    this.ready = [
      healthy(edgeContainer, { part: "edge", machine, readySeconds: edge.readySeconds }),
      healthy(container, { part: name, machine, ...definition }),
    ];
    const { url, statusUrl, imageName, edgeImageName } = this;
    this.registerOutputs({ url, statusUrl, imageName, edgeImageName });
  }
}
