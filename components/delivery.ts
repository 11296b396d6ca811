import * as pulumi from "@pulumi/pulumi";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { contentHash } from "../delivery/content-hash.mjs";
import { type Base, bases } from "../platform/catalogue/common.ts";
import type { Environment } from "../platform/environment.ts";
import type { BaseName, Service } from "../platform/service.ts";
import { DataVolume } from "./data-volume.ts";
import { Image } from "./image.ts";
import type { Machine } from "./machine/machine.ts";

/** What a Delivery is made of. */
export interface DeliveryArgs {
  environment: Environment;
  machine: Machine;
  /** All that is to be delivered, by name. */
  services: Readonly<Record<string, Service>>;
}

/** What a service's container is made of. */
export interface Delivered {
  readonly imageName: pulumi.Output<string>;
  /** By their path in the container. */
  readonly volumes: Readonly<Record<string, pulumi.Input<string>>>;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * How code and gems get into the services. Mounted: every service runs the image of its base, with its folder of this
 * computer and the volumes that all of that base share. Baked: each has an image of its own with everything.
 */
export class Delivery extends pulumi.ComponentResource {
  private readonly args: DeliveryArgs;
  private readonly images = new Map<BaseName, Image>();
  private readonly shared = new Map<BaseName, DataVolume>();

  constructor(name: string, args: DeliveryArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, machine, services } = args;
    super("mia:platform:Delivery", name, { delivery: environment.delivery }, opts);
    this.args = args;
    refuseMissingFolders(services);
    const init = new Image("init", { context: "images/init", buildArgs: {}, machine }, { parent: this });
    for (const used of new Set(Object.values(services).map(({ base }) => base))) {
      const { context, shared }: Base = bases[used];
      const buildArgs = { IMAGES: environment.images, INIT: init };
      this.images.set(used, new Image(basename(context), { context, buildArgs, machine }, { parent: this }));
      if (environment.delivery === "mounted" && shared !== undefined) {
        this.shared.set(used, new DataVolume(shared.volume, { environment, machine }, { parent: this }));
      }
    }
    this.registerOutputs();
  }

  /** Delivers a service; `parent` is its component. */
  of(name: string, { base, source }: Service, parent: pulumi.Resource): Delivered {
    const image = this.images.get(base);
    if (image === undefined) throw new Error(`${name} is none of the services that this delivers`);
    const { environment, machine } = this.args;
    if (environment.delivery === "baked") {
      const own = new Image(name, { context: source, buildArgs: { BASE: image }, machine }, { parent });
      return { imageName: own.imageName, volumes: {}, labels: {} };
    }
    const { code, shared }: Base = bases[base];
    const volume = this.shared.get(base);
    const folder = { [code]: resolve(source) };
    if (shared === undefined || volume === undefined) {
      return { imageName: image.imageName, volumes: folder, labels: {} };
    }
    return {
      imageName: image.imageName,
      volumes: { ...folder, [shared.path]: volume.volumeName },
      // What is not mounted but installed at the start: another manifest needs another start.
      labels: { "mia.manifest": contentHash([join(source, shared.manifest)]) },
    };
  }
}

function refuseMissingFolders(services: Readonly<Record<string, Service>>): void {
  const lines = Object.entries(services).flatMap(([name, { source }]) => {
    if (existsSync(join(source, "Dockerfile"))) return [];
    return [
      `platform/catalogue: ${name}.source: got ${source}, need a folder with a Dockerfile. Fix: correct the path, or make it.`,
    ];
  });
  if (lines.length > 0) throw new pulumi.RunError(lines.join("\n"));
}
