import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { HealthCheck } from "../platform/catalogue/infrastructure.ts";
import { physicalName } from "../platform/names.ts";
import type { Network } from "./network.ts";

/** What a singleton container is made of. */
export interface SingletonArgs {
  /** The platform's name, `<project>-<stack>`. */
  platform: string;
  network: Network;
  image: pulumi.Input<string>;
  /** What it runs; the image's own where left out. */
  command?: readonly string[] | undefined;
  environment?: Readonly<Record<string, string>>;
  /** Its ports that the machine publishes. */
  ports?: readonly PublishedPort[];
  /** Volumes, by their path in the container. */
  volumes?: Readonly<Record<string, pulumi.Input<string>>>;
  healthCheck: HealthCheck;
  /** Its memory limit; it gets no swap beyond. */
  memoryMib: number;
  /** How long it may take to end in good order before it is killed. */
  stopSeconds: number;
}

/** A port of a container, published by the machine. */
export interface PublishedPort {
  readonly container: number;
  /** The machine's IPv4 address. */
  readonly address: string;
  readonly port: number;
}

/**
 * A container of which there is one, with the fixed name `<platform>-<name>`, known on the network as `name`.
 * The one place that knows the Docker provider's traps.
 */
export function singleton(name: string, args: SingletonArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  return new docker.Container(
    name,
    {
      name: physicalName(args.platform, name),
      hostname: name,
      image: args.image,
      ...(args.command === undefined ? {} : { command: [...args.command] }),
      envs: Object.entries(args.environment ?? {}).map(([key, value]) => `${key}=${value}`),
      labels: [
        { label: "mia.platform", value: args.platform },
        { label: "mia.part", value: name },
      ],
      // Without it a replacement follows whenever Docker's own default changes.
      networkMode: "bridge",
      networksAdvanced: [{ name: args.network.networkName, aliases: [name] }],
      // A refresh reads them in this order; any other would then be a difference.
      ports: [...(args.ports ?? [])]
        .sort((a, b) => a.container - b.container)
        .map(({ container, address, port }) => ({ internal: container, external: port, ip: address })),
      volumes: Object.entries(args.volumes ?? {}).map(([containerPath, volumeName]) => ({ volumeName, containerPath })),
      healthcheck: { ...args.healthCheck, tests: [...args.healthCheck.tests] },
      // Swap unset would read back as twice the memory, a difference for ever.
      memory: args.memoryMib,
      memorySwap: args.memoryMib,
      restart: "unless-stopped",
      // Without it the provider kills a moment after it has asked to stop.
      destroyGraceSeconds: args.stopSeconds,
      logOpts: { "max-size": "10m", "max-file": "3" },
      // Whether it is healthy is waited for in healthy.ts, which can say why not.
      wait: false,
    },
    {
      ...opts,
      // Its name and ports are taken until the old one is gone.
      deleteBeforeReplace: true,
      // An edited check would not be applied by an update.
      replaceOnChanges: ["healthcheck"],
    },
  );
}
