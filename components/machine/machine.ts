import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type Declared, type Place, registryHost } from "../../platform/environment.ts";
import { valueOf } from "../value.ts";
import type { Address } from "./docker.ts";
import type { Engine } from "./engine.ts";
import { freePort, refuseUnavailable } from "./ports.ts";

/** What a Machine is made of. */
export interface MachineArgs<P extends Place> {
  /** As the stack's config says it. */
  environment: Declared<P>;
  /** The engine that answers now. */
  engine: Engine;
}

/** The machine: the Docker engine that runs a stack, the same from its first `up` to its `destroy`. */
export class Machine<P extends Place = Place> extends pulumi.ComponentResource {
  /** The id of the engine that the stack lives on. */
  readonly engineId: pulumi.Output<string>;
  /**
   * The environment as it is here, its free ports chosen. To be awaited before anything is declared: it rejects, with a
   * RunError, where the stack lives on another engine, an address is not this machine's or a port is taken.
   */
  readonly environment: Promise<P>;
  /** What tells this stack from any other of its name that another state knows: a label of all that it creates. */
  readonly stackId: pulumi.Output<string>;
  /** How the docker command reaches that engine. */
  readonly address: Address;
  /** The same for a shell command, as its environment. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** What images run on here: `linux/x86_64`. */
  readonly platform: string;
  /** The engine's socket, as the machine's containers can mount it. */
  readonly socket: string;

  private made: docker.Provider | undefined;

  constructor(name: string, { environment, engine }: MachineArgs<P>, opts?: pulumi.ComponentResourceOptions) {
    const { platform } = environment;
    super("mia:platform:Machine", name, { platform }, opts);
    this.address = engine;
    this.commandEnvironment =
      engine.context === undefined ? { DOCKER_HOST: engine.host } : { DOCKER_CONTEXT: engine.context };
    this.socket = engine.socket;
    this.platform = engine.platform;

    // The state's memory of its engine: what was written at the first `up` is kept, whatever is there now.
    const first = new random.RandomUuid(
      `${name}-engine`,
      { keepers: { engineId: engine.id, host: engine.host } },
      { parent: this, ignoreChanges: ["keepers"] },
    );
    this.stackId = first.result;
    this.engineId = first.keepers.apply((kept) => kept?.["engineId"] ?? engine.id);
    this.environment = valueOf(first.keepers).then(async (kept) => {
      refuseAnother(platform, engine, kept);
      const placed = { ...environment, ports: await this.choosePorts(name, environment, engine) };
      await refuseUnavailable(placed, engine);
      // Not before: the state would have it by another engine.
      this.made = provider(name, engine, environment, this);
      return placed as unknown as P;
    });

    this.registerOutputs({ engineId: this.engineId, host: engine.host });
  }

  /** What every resource on this machine is created through: there once `environment` is. */
  get provider(): docker.Provider {
    if (this.made === undefined) throw new Error("the machine's environment was not awaited");
    return this.made;
  }

  /** The ports, with those that are to be free: the state remembers what was free at the first `up`. */
  private async choosePorts(name: string, place: Declared<Place>, engine: Engine): Promise<Record<string, number>> {
    const ports: Record<string, number | "free"> = { ...place.ports };
    const chosen: Record<string, number> = {};
    for (const [port, wanted] of Object.entries(ports)) {
      if (wanted !== "free") {
        chosen[port] = wanted;
        continue;
      }
      const free = await freePort(port, { ...place, ports: { ...ports, ...chosen } }, engine);
      const remembered = new random.RandomInteger(
        `${name}-${port}-port`,
        { min: free, max: free },
        { parent: this, ignoreChanges: ["min", "max"] },
      );
      chosen[port] = await valueOf(remembered.min);
    }
    return chosen;
  }
}

function provider(
  name: string,
  { host, context }: Engine,
  place: Pick<Place, "registry">,
  parent: pulumi.Resource,
): docker.Provider {
  const address = { host, ...(context === undefined ? {} : { context }) };
  return new docker.Provider(`${name}-docker`, { ...address, ...registryAuth(place) }, { parent });
}

/** For upstream images that are taken from the registry too. */
function registryAuth({ registry }: Pick<Place, "registry">): docker.ProviderArgs {
  if (registry?.login === undefined) return {};
  const { user, password } = registry.login;
  return {
    registryAuth: [{ address: registryHost(registry.address), username: user, password: pulumi.secret(password) }],
  };
}

function refuseAnother(platform: string, engine: Engine, kept: Readonly<Record<string, string>> | undefined): void {
  const id = kept?.["engineId"] ?? engine.id;
  if (id === engine.id) return;
  throw new pulumi.RunError(
    `${platform} lives on the Docker engine ${id} (${kept?.["host"] ?? "unknown"}), but ${engine.host} is the engine ${engine.id}: ` +
      "point DOCKER_HOST or `docker context use` at the former, or destroy the stack there first; if that engine is gone for good, `pulumi stack rm --force` forgets it.",
  );
}
