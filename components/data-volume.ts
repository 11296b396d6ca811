import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../platform/environment.ts";
import { physicalName } from "../platform/names.ts";
import { leftover } from "./leftover.ts";
import type { VolumeKind } from "./machine/lost-volumes.ts";
import type { Machine } from "./machine/machine.ts";

/** What a DataVolume is made of. */
export interface DataVolumeArgs {
  environment: Pick<Environment, "platform" | "keepsData">;
  machine: Machine;
  /** Whether what is in it is worth keeping. @default as the environment says */
  kept?: boolean;
}

/** What every volume of a stack is made with. Docker's own driver keeps it, which needs no word. */
function kindOf(stackId: string): VolumeKind {
  return { labels: { "mia.stack": stackId } };
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
    machine.holds(fixedName, kindOf);
    const kind = machine.stackId.apply(kindOf);
    const volume = new docker.Volume(
      name,
      {
        name: fixedName,
        labels: kind.labels.apply((labels) => Object.entries(labels).map(([label, value]) => ({ label, value }))),
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
