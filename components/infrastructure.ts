import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Infrastructure as Definition } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import { linkVariables } from "../platform/links.ts";
import { digestSuffix } from "../platform/upstream.ts";
import type { Backing, Link } from "./backing.ts";
import { type PublishedPort, singleton } from "./container.ts";
import { DataVolume } from "./data-volume.ts";
import { healthy } from "./healthy.ts";
import type { Network } from "./network.ts";

/** What a part of the infrastructure is made of. */
export interface InfrastructureArgs {
  environment: Pick<Environment, "platform" | "images" | "keepsData">;
  network: Network;
  /** Its entry in the catalogue. */
  definition: Definition;
  /** Its ports that the machine publishes. @default none */
  ports?: readonly PublishedPort[];
  /** Its secrets, by the path of the file that holds each in the container. @default none */
  secrets?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A part of the infrastructure from an upstream image, such as Consul: one container, with a volume for its data. */
export class Infrastructure extends pulumi.ComponentResource implements Backing {
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** Its container's id. */
  readonly containerId: pulumi.Output<string>;
  /** Its container, once it is healthy: what needs it depends on this. */
  readonly ready: Promise<docker.Container>;

  private readonly linked: Readonly<Record<string, string>>;
  private readonly container: docker.Container;

  constructor(name: string, args: InfrastructureArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, definition } = args;
    const { machine } = network;
    const imageName = `${environment.images}${definition.image}${digestSuffix(environment.images, definition.image)}`;
    super("mia:platform:Infrastructure", name, { imageName }, { ...opts, ...machine.placement });

    const image = new docker.RemoteImage(name, { name: imageName, keepLocally: true }, { parent: this });
    const volumes: Record<string, pulumi.Input<string>> = {};
    if (definition.data !== undefined) {
      const data = new DataVolume(definition.data.volume, { environment, machine }, { parent: this });
      volumes[definition.data.path] = data.volumeName;
    }
    if (definition.dockerSocket !== undefined) volumes[definition.dockerSocket] = machine.socket;
    const container = singleton(
      name,
      {
        network,
        image: image.name,
        command: definition.command,
        environment: definition.environment ?? {},
        secrets: args.secrets ?? {},
        ports: args.ports ?? [],
        volumes,
        confinement: definition.confinement,
        healthCheck: definition.healthCheck,
        memoryMib: definition.memoryMib,
        stopSeconds: definition.stopSeconds,
      },
      { parent: this },
    );
    this.linked = definition.port === undefined ? {} : linkVariables(name, definition.port);
    this.imageName = image.name;
    this.container = container;
    this.containerId = container.id;
    this.ready = healthy(container, { part: name, machine, ...definition });
    this.registerOutputs({ imageName });
  }

  /** Where it is; it knows nobody by name. */
  link(): Link {
    return { variables: this.linked, secrets: {}, dependsOn: this.container };
  }
}
