import type { MachineSettings } from "./machine.ts";

/**
 * Where and how the platform runs: one complete value, made once from a stack's config. What differs between a
 * developer's environment and a QA environment differs here, as data, and nowhere else.
 */
export interface Environment extends Kind, Place<keyof PublishedPorts> {
  /** What it is for: one of `kinds`. */
  readonly kind: keyof typeof kinds;
  /** The machine whose Docker engine runs the platform. */
  readonly machine: MachineSettings;
  /** What names of upstream images are appended to; empty for upstream itself. */
  readonly images: string;
  /** What names of our own images are appended to: the registry, where there is one, and the project's name. */
  readonly ownImages: string;
  /** The services that run, by name, with all that they use; the whole catalogue where none is named. */
  readonly services: readonly string[];
  /** How many instances a service has, by its name; one where it is not named. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Which version of its image a service runs, by its name: the tag, a content hash; what its folder holds where it is not named. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What of an environment is about its place on a machine. */
export interface Place<Name extends string = string> {
  /** Its Pulumi project: what its config's keys begin with. */
  readonly project: string;
  /** The platform's name, `<project>-<stack>`: what its parts on an engine are called by and recognised by. */
  readonly platform: string;
  /** The file that it was read from, for messages. */
  readonly source: string;
  /** The IPv4 address of the machine on which ports are published. */
  readonly publishAddress: string;
  /**
   * The IPv4 address of the machine under which services are registered, each with a port that Docker chooses there;
   * empty for the containers' own addresses.
   */
  readonly serviceAddress: string;
  /** The volumes that may go with all that is in them, each as `name@when it was made`; left out where there is no such key. */
  readonly discard?: readonly string[] | undefined;
  /** The registry that keeps images of our own, and may have others; only the engine does where left out. */
  readonly registry?: Registry | undefined;
  /** The machine's ports (1 to 65535), by what answers there; 0: not published. */
  readonly ports: Readonly<Record<Name, number>>;
}

/** The same before a machine is there to say which ports are free, and where it is reached. */
export type Declared<P extends Place> = Omit<P, "ports"> & {
  /** Empty: this computer alone where the engine is here, else every address of the machine. */
  readonly publishAddress: string;
  readonly ports: { readonly [name in keyof P["ports"]]: number | "free" };
};

/** What an environment of a kind has in common with others of that kind. */
export interface Kind {
  /** How code gets into the services: the folder of this computer is mounted, or the image has a copy. */
  readonly delivery: "mounted" | "baked";
  /** Whether volumes, and the root password in one of them, outlive a `pulumi destroy --exclude-protected`. */
  readonly keepsData: boolean;
  /** What the services run as unless the config says another: RAILS_ENV, NODE_ENV. */
  readonly mode: string;
}

/** The kinds, by the value of `mia:kind`. */
export const kinds = {
  development: { delivery: "mounted", keepsData: true, mode: "development" },
  qa: { delivery: "baked", keepsData: false, mode: "production" },
} satisfies Record<string, Kind>;

/** An image registry, and who may use it. */
export interface Registry {
  /** Its host, with a port and a path where it has some: `registry.example:5000/team`. */
  readonly address: string;
  /** Left out: whoever the docker command is logged in as there. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** What of a registry's address is its host, with the port: who logs in does so there. */
export function registryHost(address: string): string {
  return address.split("/")[0] ?? address;
}

/** What a platform publishes. */
export interface PublishedPorts {
  /** The load balancer: the platform's front door. */
  readonly http: number;
  /** The load balancer's own state. */
  readonly status: number;
  /** Consul's HTTP API and UI. */
  readonly consul: number;
  /** Consul's port for other servers and agents, or 0. */
  readonly consulServer: number;
  /** Consul's DNS, over UDP, or 0. */
  readonly consulDns: number;
  /** RabbitMQ's management, or 0. */
  readonly rmqManagement: number;
}

/** The command that sets a key of a stack whose file is `source`, from the clone's folder. */
export function setCommand(source: string): string {
  const folder = source.split("/").slice(0, -1).join("/");
  return folder === "" ? "pulumi config set" : `pulumi -C ${folder} config set`;
}

/** The config key of a port: `mia:httpPort`, or `mia-registry:port` where the place has no other. */
export function portKey({ project, ports }: Place, name: string): string {
  return Object.keys(ports).length === 1 ? `${project}:port` : `${project}:${name}Port`;
}

/** How a port of the machine is spoken to. */
export function protocolOf(name: string): "tcp" | "udp" {
  return name === "consulDns" ? "udp" : "tcp";
}

/** Another port to propose: one that every user may open. */
export function portAfter(port: number): number {
  if (port < 1024) return port + 8000;
  return port < 65535 ? port + 1 : 1024;
}
