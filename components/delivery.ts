import * as pulumi from "@pulumi/pulumi";
import { join, resolve } from "node:path";
import { contentHash } from "../delivery/content-hash.mjs";
import { imageOf } from "../delivery/own-images.ts";
import { type Base, bases } from "../platform/catalogue/common.ts";
import type { Environment } from "../platform/environment.ts";
import type { BaseName, Service } from "../platform/service.ts";
import { DataVolume } from "./data-volume.ts";
import type { Images } from "./images.ts";
import type { Machine } from "./machine/machine.ts";

/** What a Delivery is made of. */
export interface DeliveryArgs {
  environment: Environment;
  machine: Machine;
  images: Images;
  /** All that is to be delivered, by name. */
  services: Readonly<Record<string, Service>>;
}

/** What a service's container is made of. */
export interface Delivered {
  readonly imageName: string;
  /** By their path in the container. */
  readonly volumes: Readonly<Record<string, pulumi.Input<string>>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Who runs in it: while code is mounted, whose it is, so that he can read all of it and owns what is written there. */
  readonly user?: string;
}

/**
 * How code and gems get into the services. Mounted: every service runs the image of its base, with its folder of this
 * computer and the volumes that all of that base share. Baked: each has an image of its own with everything.
 */
export class Delivery extends pulumi.ComponentResource {
  private readonly args: DeliveryArgs;
  private readonly shared = new Map<BaseName, DataVolume>();

  constructor(name: string, args: DeliveryArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, machine, services } = args;
    super("mia:platform:Delivery", name, { delivery: environment.delivery }, opts);
    this.args = args;
    for (const used of new Set(Object.values(services).map(({ base }) => base))) {
      const { shared }: Base = bases[used];
      if (environment.delivery === "mounted" && shared !== undefined) {
        this.shared.set(used, new DataVolume(shared.volume, { environment, machine }, { parent: this }));
      }
    }
    this.registerOutputs();
  }

  /** Delivers a service. */
  of(name: string, { base, source }: Service): Delivered {
    const { environment, images, machine } = this.args;
    if (environment.delivery === "baked") return { imageName: images.of(name), volumes: {}, labels: {} };
    const imageName = images.of(imageOf(base));
    const { code, shared }: Base = bases[base];
    const volume = this.shared.get(base);
    const user = machine.ownerOf(resolve(source));
    const folder = { [code]: machine.folder(resolve(source)) };
    if (shared === undefined || volume === undefined) return { imageName, user, volumes: folder, labels: {} };
    return {
      imageName,
      user,
      volumes: { ...folder, [shared.path]: volume.volumeName },
      // What is not mounted but installed at the start: another manifest needs another start.
      labels: { "mia.manifest": contentHash([join(source, shared.manifest)]) },
    };
  }
}
