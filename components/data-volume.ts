import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../platform/environment.ts";
import { physicalName } from "../platform/names.ts";
import { leftover } from "./leftover.ts";
import { volumeLabels } from "./machine/lost-volumes.ts";
import type { Machine } from "./machine/machine.ts";

/** What a DataVolume is made of. */
export interface DataVolumeArgs {
  environment: Pick<Environment, "platform" | "keepsData">;
  machine: Machine;
  /** Whether what is in it is worth keeping. @default as the environment says */
  kept?: boolean;
}

/** What outlives the containers that share it; protected where it is worth keeping. */
export class DataVolume extends pulumi.ComponentResource {
  /** Its name on the engine. */
  readonly volumeName: pulumi.Output<string>;

  constructor(name: string, args: DataVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    const { machine, kept = args.environment.keepsData } = args;
    const { platform } = args.environment;
    super("mia:platform:DataVolume", name, { platform }, { ...opts, ...machine.placement });
    const fixedName = physicalName(platform, name);
    machine.holds("volume", fixedName);
    const volume = new docker.Volume(
      name,
      {
        name: fixedName,
        labels: machine.stackId.apply((id) =>
          Object.entries(volumeLabels(id)).map(([label, value]) => ({ label, value })),
        ),
      },
      {
        parent: this,
        protect: kept,
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [leftover("volume", fixedName, machine)] },
      },
    );
    this.volumeName = volume.name;
    this.registerOutputs({ volumeName: this.volumeName });
  }
}
