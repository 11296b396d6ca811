import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../platform/names.ts";
import type { Machine } from "./machine/machine.ts";

/** What a DataVolume is made of. */
export interface DataVolumeArgs {
  /** The platform's name, `<project>-<stack>`. */
  platform: string;
  machine: Machine;
}

/** Data that outlives the containers that use it. */
export class DataVolume extends pulumi.ComponentResource {
  /** Its name on the engine. */
  readonly volumeName: pulumi.Output<string>;

  constructor(name: string, { platform, machine }: DataVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mia:platform:DataVolume", name, { platform }, { ...opts, providers: [machine.provider] });
    const volume = new docker.Volume(
      name,
      { name: physicalName(platform, name) },
      { parent: this, deleteBeforeReplace: true },
    );
    this.volumeName = volume.name;
    this.registerOutputs({ volumeName: this.volumeName });
  }
}
