import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Base, bases } from "../platform/catalogue/common.ts";
import type { Environment } from "../platform/environment.ts";
import { registrationVariables } from "../platform/registrator.ts";
import type { BackingName, Service as Definition } from "../platform/service.ts";
import type { Backing } from "./backing.ts";
import { type ContainerArgs, replica } from "./container.ts";
import type { Delivery } from "./delivery.ts";
import { healthy } from "./healthy.ts";
import type { Infrastructure } from "./infrastructure.ts";
import type { Network } from "./network.ts";

/** What a Service is made of. */
export interface ServiceArgs {
  environment: Environment;
  network: Network;
  /** How its code gets into its container. */
  delivery: Delivery;
  /** What the catalogue says of it. */
  definition: Definition;
  /** The backing services that run, by name: all that the service uses. */
  backing: Readonly<Record<BackingName, Backing | undefined>>;
  /** What makes it known, before it starts and until it has ended. */
  registrator: Infrastructure;
}

/** The longest that an instance may take to leave the load balancer and to answer what it has been asked: images/init/init. */
const stopSeconds = 60;

/**
 * A microservice or a front end, in as many instances as the environment says: found by Registrator through its `SERVICE_*` variables, checked by Consul, reached
 * through the load balancer.
 */
export class Service extends pulumi.ComponentResource {
  /** What it is called in Consul and in the load balancer's paths. */
  readonly serviceName: string;
  /** The image that runs. */
  readonly imageName: string;
  /** The end of each instance's id in Consul: `<container>:<port>`. */
  readonly instances: readonly pulumi.Output<string>[];
  /** How long it may take until the load balancer has it, in seconds. */
  readonly readySeconds: number;
  /** Its containers, each once it runs: whether it does its work is for Consul to find out. */
  readonly running: readonly Promise<docker.Container>[];

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, definition, registrator } = args;
    const { source, tags, port, checkPath, memoryMib, readySeconds } = definition;
    const { machine } = network;
    super("mia:platform:Service", name, { source, tags, port }, { ...opts, ...machine.placement });

    const { imageName, user, volumes, labels } = args.delivery.of(name, definition);
    const { confinement = {} }: Base = bases[definition.base];
    const links = definition.uses.flatMap((used) => args.backing[used]?.link(name, this) ?? []);
    const container: ContainerArgs = {
      network,
      image: imageName,
      volumes,
      labels,
      environment: {
        ...modeVariable(definition, environment),
        ...definition.environment,
        ...registrationVariables(environment, { name, tags, port, checkPath }),
        ...Object.fromEntries(links.flatMap(({ variables }) => Object.entries(variables))),
      },
      secrets: Object.fromEntries(links.flatMap(({ secrets }) => Object.entries(secrets))),
      ports: environment.serviceAddress === "" ? [] : [{ container: port, address: environment.serviceAddress }],
      confinement: { ...confinement, ...(user === undefined ? {} : { user }) },
      memoryMib,
      stopSeconds,
    };
    const containers = Array.from({ length: environment.replicas[name] ?? 1 }, (_, i) =>
      replica(i === 0 ? name : `${name}-${String(i + 1)}`, name, container, {
        parent: this,
        dependsOn: [registrator.link().dependsOn, ...links.map(({ dependsOn }) => dependsOn)],
      }),
    );
    this.serviceName = name;
    this.imageName = imageName;
    this.instances = containers.map((one) => pulumi.interpolate`${one.name}:${port}`);
    this.readySeconds = readySeconds;
    this.running = containers.map((one) => healthy(one, { part: name, machine, readySeconds: 30 }));
    this.registerOutputs({ imageName });
  }
}

/** What says `development` or `production` to what runs in the service's base. */
function modeVariable({ base }: Definition, { mode }: Environment): Record<string, string> {
  const { modeVariable: variable }: Base = bases[base];
  return variable === undefined ? {} : { [variable]: mode };
}
