import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../platform/environment.ts";
import { physicalName } from "../platform/names.ts";
import { leftover } from "./leftover.ts";
import type { Machine } from "./machine/machine.ts";

/** What a Network is made of. */
export interface NetworkArgs {
  /** The platform's name, and whether its containers may mount folders of their host: those of a baked one may not. */
  environment: Surroundings;
  machine: Machine;
}

type Surroundings = Pick<Environment, "platform"> & Partial<Pick<Environment, "delivery">>;

/** The bridge network on which the platform's containers find each other by name. */
export class Network extends pulumi.ComponentResource {
  /** Its name on the engine. */
  readonly networkName: pulumi.Output<string>;
  readonly environment: Surroundings;
  readonly machine: Machine;

  constructor(name: string, { environment, machine }: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    const { platform } = environment;
    super("mia:platform:Network", name, { platform }, { ...opts, ...machine.placement });
    this.environment = environment;
    this.machine = machine;
    const fixedName = physicalName(platform);
    machine.holds("network", fixedName);
    const network = new docker.Network(
      name,
      { name: fixedName, driver: "bridge", labels: [{ label: "mia.stack", value: machine.stackId }] },
      // A fixed name: the old one has to go first.
      {
        parent: this,
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [leftover("network", fixedName, machine)] },
      },
    );
    this.networkName = network.name;
    this.registerOutputs({ networkName: this.networkName });
  }
}
