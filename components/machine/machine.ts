import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Environment } from "../../platform/environment.ts";
import type { Address } from "./docker.ts";
import type { Engine } from "./engine.ts";
import { refuseUnavailable } from "./unavailable.ts";

/** What a Machine is made of. */
export interface MachineArgs {
  environment: Environment;
  /** The engine that answers now. */
  engine: Engine;
}

/**
 * The machine: the Docker engine that runs a stack, the same from its first `up` to its `destroy`.
 * An `up` or `preview` against another engine, or one on which a port is taken, fails before anything is planned.
 */
export class Machine extends pulumi.ComponentResource {
  /** What every resource on this machine is created through. */
  readonly provider: docker.Provider;
  /** The id of the engine that the stack lives on. */
  readonly engineId: pulumi.Output<string>;
  /** What tells this stack from any other of its name that another state knows: a label of all that it creates. */
  readonly stackId: pulumi.Output<string>;
  /** How the docker command reaches that engine. */
  readonly address: Address;
  /** The same for a shell command, as its environment. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** The engine's socket, as the machine's containers can mount it. */
  readonly socket: string;

  constructor(name: string, { environment, engine }: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { platform } = environment;
    super("mia:platform:Machine", name, { platform }, opts);
    this.address = engine;
    this.commandEnvironment =
      engine.context === undefined ? { DOCKER_HOST: engine.host } : { DOCKER_CONTEXT: engine.context };
    this.socket = engine.socket;

    // The state's memory of its engine: what was written at the first `up` is kept, whatever is there now.
    const first = new random.RandomUuid(
      `${name}-engine`,
      { keepers: { engineId: engine.id, host: engine.host } },
      { parent: this, ignoreChanges: ["keepers"] },
    );
    this.stackId = first.result;
    this.engineId = first.keepers.apply(async (kept) => {
      const id = kept?.["engineId"] ?? engine.id;
      if (id !== engine.id) {
        throw new pulumi.RunError(
          `${platform} lives on the Docker engine ${id} (${kept?.["host"] ?? "unknown"}), but ${engine.host} is the engine ${engine.id}: ` +
            "point DOCKER_HOST or `docker context use` at the former, or destroy the stack there first; if that engine is gone for good, `pulumi stack rm --force` forgets it.",
        );
      }
      await refuseUnavailable(environment, engine);
      return id;
    });

    this.provider = new docker.Provider(
      `${name}-docker`,
      {
        host: this.engineId.apply(() => engine.host),
        ...(engine.context === undefined ? {} : { context: engine.context }),
      },
      { parent: this },
    );
    this.registerOutputs({ engineId: this.engineId, host: engine.host });
  }
}
