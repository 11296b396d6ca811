import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { HealthCheck } from "../platform/catalogue/infrastructure.ts";
import type { Confinement } from "../platform/confinement.ts";
import { physicalName } from "../platform/names.ts";
import { leftover } from "./leftover.ts";
import type { Network } from "./network.ts";

/** What a container is made of. */
export interface ContainerArgs {
  network: Network;
  image: pulumi.Input<string>;
  /** What it runs; the image's own where left out. */
  command?: readonly string[] | undefined;
  environment?: Readonly<Record<string, string>>;
  /**
   * Secrets, by the path of the file that holds each in the container. In its environment a single one would hide every
   * variable's difference in a preview, and `docker inspect` would show it.
   */
  secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it is known as on the network. @default its part's name */
  aliases?: readonly string[];
  /** Labels beside those by which it is recognised. @default none */
  labels?: Readonly<Record<string, string>>;
  /** Its ports that the machine publishes. */
  ports?: readonly PublishedPort[];
  /** Volumes by name, and folders and files of the machine by absolute path, each by its path in the container. */
  volumes?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it may do beyond the least. @default nothing */
  confinement?: Confinement | undefined;
  /** None where left out: then it is well while it runs. */
  healthCheck?: HealthCheck | undefined;
  /** Its memory limit; it gets no swap beyond. */
  memoryMib: number;
  /** How long it may take to end in good order before it is killed. */
  stopSeconds: number;
}

/** A port of a container, published by the machine. */
export interface PublishedPort {
  readonly container: number;
  /** @default tcp */
  readonly protocol?: "udp";
  /** The machine's IPv4 address. */
  readonly address: string;
  /** Docker chooses one where left out; 0: not published. */
  readonly port?: number;
}

/**
 * A container of which there is one, with the fixed name `<platform>-<name>`, known on the network as `name`. Its name and
 * ports are taken until the old one is gone, so a replacement has a gap.
 */
export function singleton(name: string, args: ContainerArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  const { machine } = args.network;
  const fixedName = physicalName(args.network.environment.platform, name);
  machine.holds("container", fixedName);
  return new docker.Container(
    name,
    { ...inputs(name, args), name: fixedName, hostname: name },
    {
      ...opts,
      ...common,
      deleteBeforeReplace: true,
      hooks: { beforeCreate: [leftover("container", fixedName, machine)] },
    },
  );
}

/**
 * One of the containers of a part that is replaced live: the new one is there, with a name of its own, before the old one
 * goes. All are known on the network as `part`.
 */
export function replica(
  name: string,
  part: string,
  args: ContainerArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  // The provider's own answer would be to delete first.
  return new docker.Container(name, inputs(part, args), { ...opts, ...common, deleteBeforeReplace: false });
}

// An edited check would not be applied by an update.
const common = { replaceOnChanges: ["healthcheck"] };

/** The one place that knows the Docker provider's traps. */
function inputs(part: string, args: ContainerArgs): docker.ContainerArgs {
  const { network, healthCheck } = args;
  return {
    image: args.image,
    ...(args.command === undefined ? {} : { command: [...args.command] }),
    envs: Object.entries(args.environment ?? {}).map(([key, value]) => `${key}=${value}`),
    uploads: Object.entries(args.secrets ?? {}).map(([file, content]) => ({ file, content, permissions: "0444" })),
    labels: [
      ...labels(network, part),
      ...Object.entries(args.labels ?? {}).map(([label, value]) => ({ label, value })),
    ],
    // Without it a replacement follows whenever Docker's own default changes.
    networkMode: "bridge",
    networksAdvanced: [{ name: network.networkName, aliases: [...(args.aliases ?? [part])] }],
    // A refresh reads them in this order; any other would then be a difference.
    ports: (args.ports ?? [])
      .filter(({ port }) => port !== 0)
      .sort((a, b) => a.container - b.container)
      .map(({ container, protocol, address, port }) => ({
        internal: container,
        ip: address,
        ...(protocol === undefined ? {} : { protocol }),
        ...(port === undefined ? {} : { external: port }),
      })),
    volumes: volumes(part, args),
    ...(healthCheck === undefined ? {} : { healthcheck: { ...healthCheck, tests: [...healthCheck.tests] } }),
    // Swap unset would read back as twice the memory, a difference for ever.
    memory: args.memoryMib,
    memorySwap: args.memoryMib,
    ...confined(args),
    restart: "unless-stopped",
    // For `docker stop`, and for the provider, which without it kills a moment after it has asked to stop.
    stopTimeout: args.stopSeconds,
    destroyGraceSeconds: args.stopSeconds,
    logOpts: { "max-size": "10m", "max-file": "3" },
    // Whether it is healthy is waited for in healthy.ts, which can say why not.
    wait: false,
  };
}

/** The least that it can do with. */
function confined({ confinement = {}, secrets = {} }: ContainerArgs) {
  const { user, scratch = [], writable } = confinement;
  // The provider copies files in by way of the root folder: Docker refuses that of a container whose root is read-only.
  const readOnly = writable === undefined && Object.keys(secrets).length === 0;
  const inMemory = readOnly ? ["/tmp", ...scratch] : scratch;
  return {
    ...(user === undefined ? {} : { user }),
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    readOnly,
    tmpfs: Object.fromEntries(inMemory.map((folder) => [folder, "mode=1777"])),
  };
}

/** How a container is recognised: whose it is, which state knows it, and what part it is. */
function labels(
  { machine, environment: { platform } }: Network,
  part: string,
): { label: string; value: pulumi.Input<string> }[] {
  return [
    { label: "mia.platform", value: platform },
    { label: "mia.stack", value: machine.stackId },
    { label: "mia.part", value: part },
  ];
}

/** @throws RunError where a baked environment would mount a folder of its host: then it could run nowhere else. */
function volumes(part: string, { network, volumes: given = {} }: ContainerArgs) {
  const { environment, machine } = network;
  const refuse = (path: string) => {
    if (environment.delivery !== "baked" || path === machine.socket) return;
    throw new pulumi.RunError(
      `${environment.platform}: ${part} mounts ${path}, but what is baked mounts nothing of its host: have it in the image, or in a volume.`,
    );
  };
  return Object.entries(given).map(([containerPath, from]) => {
    if (typeof from === "string" && from.startsWith("/")) refuse(from);
    return pulumi.output(from).apply((name) => {
      if (!name.startsWith("/")) return { volumeName: name, containerPath };
      refuse(name);
      return { hostPath: name, containerPath };
    });
  });
}
