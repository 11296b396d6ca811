import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Task } from "./command.ts";
import type { Wanted } from "./wanted.ts";
import { storePath } from "./store.ts";

/** What a DockerMachine is made of. */
export interface DockerMachineArgs {
  wanted: Wanted;
  /** Which machine it is: another one is another resource in its place. */
  machineId: string;
}

/** A machine of docker-machine's in the state: a `destroy` takes it away if we have made it. */
export class DockerMachine extends pulumi.ComponentResource {
  /** Not known before the machine is there. */
  readonly made: pulumi.Output<string>;
  readonly command: pulumi.Resource;

  constructor(name: string, { wanted, machineId }: DockerMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { name: machine, driver, machineDriver, secrets, options, binary } = wanted.settings;
    super("mia:platform:DockerMachine", name, { machineDriver }, opts);
    // Secrets are in variables of their own, so that all else shows in a preview.
    const task: Task = {
      wanted: { ...wanted, settings: { driver, name: machine, machineDriver, options, binary, secrets: {} } },
      secrets: Object.keys(secrets),
      id: machineId,
    };
    const script = "node components/machine/docker-machine/command.ts";
    const made = new command.local.Command(
      `${name}-machine`,
      {
        create: `${script} create`,
        delete: `${script} delete`,
        environment: {
          MIA_MACHINE: JSON.stringify(task),
          MACHINE_STORAGE_PATH: storePath(),
          ...Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, pulumi.secret(value)])),
        },
        triggers: [machineId],
        logging: command.local.Logging.Stderr,
      },
      { parent: this },
    );
    this.made = made.stdout;
    this.command = made;
    this.registerOutputs();
  }
}
