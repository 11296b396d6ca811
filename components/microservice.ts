import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { BackingName, Microservice as Definition } from "../platform/catalogue/microservices.ts";
import type { Environment } from "../platform/environment.ts";
import { registrationVariables } from "../platform/registrator.ts";
import type { Backing } from "./backing.ts";
import { singleton } from "./container.ts";
import type { Delivery } from "./delivery.ts";
import { healthy } from "./healthy.ts";
import type { Network } from "./network.ts";

/** The port on which every microservice answers in its container. */
const port = 3000;

/** What a Microservice is made of. */
export interface MicroserviceArgs {
  environment: Environment;
  network: Network;
  /** How its code gets into its container. */
  delivery: Delivery;
  /** Its entry in the catalogue. */
  definition: Definition;
  /** What services can use, by name. */
  backing: Readonly<Record<BackingName, Backing>>;
}

/** A Rails microservice: found by Registrator through its `SERVICE_*` variables, checked by Consul, reached through the load balancer. */
export class Microservice extends pulumi.ComponentResource {
  /** What it is called in Consul and in the load balancer's paths. */
  readonly serviceName: string;
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** The end of its id in Consul: `<container>:<port>`. */
  readonly instance: pulumi.Output<string>;
  /** How long it may take until the load balancer has it, in seconds. */
  readonly readySeconds: number;
  /** Its container, once it runs: whether it does its work is for Consul to find out. */
  readonly running: Promise<docker.Container>;

  constructor(name: string, args: MicroserviceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, definition } = args;
    const { platform, railsEnv, serviceAddress: address } = environment;
    super("mia:platform:Microservice", name, { ...definition }, { ...opts, providers: [network.machine.provider] });

    const { imageName, volumes } = args.delivery.of(name, definition.source, this);
    const links = definition.uses.map((used) => args.backing[used].link(name, this));
    const container = singleton(
      name,
      {
        platform,
        network,
        image: imageName,
        volumes,
        environment: {
          PORT: String(port),
          RAILS_ENV: railsEnv,
          ...registrationVariables(environment, { name, tags: ["backend", name], port, checkPath: "/health" }),
          ...Object.fromEntries(links.flatMap(({ variables }) => Object.entries(variables))),
        },
        secrets: Object.fromEntries(links.flatMap(({ secrets }) => Object.entries(secrets))),
        ports: address === "" ? [] : [{ container: port, address }],
        memoryMib: definition.memoryMib ?? 384,
        stopSeconds: 15,
      },
      { parent: this, dependsOn: links.map(({ ready }) => ready) },
    );
    this.serviceName = name;
    this.imageName = imageName;
    this.instance = pulumi.interpolate`${container.name}:${port}`;
    this.readySeconds = definition.readySeconds ?? 60;
    this.running = healthy(container, { part: name, engine: network.machine.address, readySeconds: 30 });
    this.registerOutputs({ imageName });
  }
}
