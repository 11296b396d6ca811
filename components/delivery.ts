import * as pulumi from "@pulumi/pulumi";
import { resolve } from "node:path";
import type { Environment } from "../platform/environment.ts";
import { DataVolume } from "./data-volume.ts";
import { Image } from "./image.ts";
import type { Machine } from "./machine/machine.ts";

/** What a Delivery is made of. */
export interface DeliveryArgs {
  environment: Environment;
  machine: Machine;
}

/** What a service's container is made of. */
export interface Delivered {
  readonly imageName: pulumi.Output<string>;
  /** By their path in the container. */
  readonly volumes: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * How code and gems get into the Rails services. Mounted: every service runs the base image, with its folder of this
 * computer and the volume `rubygems` that all share. Baked: each has an image of its own with both.
 */
export class Delivery extends pulumi.ComponentResource {
  private readonly args: DeliveryArgs;
  private readonly base: Image;
  private readonly rubygems: DataVolume | undefined;

  constructor(name: string, args: DeliveryArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, machine } = args;
    super("mia:platform:Delivery", name, { delivery: environment.delivery }, opts);
    this.args = args;
    this.base = new Image(
      "rails-microservice",
      { context: "images/rails-microservice", buildArgs: { IMAGES: environment.images }, machine },
      { parent: this },
    );
    if (environment.delivery === "mounted") {
      this.rubygems = new DataVolume("rubygems", { environment, machine }, { parent: this });
    }
    this.registerOutputs({ base: this.base.imageName });
  }

  /** Delivers the service whose folder is `source`, relative to the project's. */
  of(service: string, source: string, parent: pulumi.Resource): Delivered {
    if (this.rubygems !== undefined) {
      const volumes = { "/web/service": resolve(source), "/web/rubygems": this.rubygems.volumeName };
      return { imageName: this.base.imageName, volumes };
    }
    const { machine } = this.args;
    const image = new Image(service, { context: source, buildArgs: { BASE: this.base }, machine }, { parent });
    return { imageName: image.imageName, volumes: {} };
  }
}
