/**
 * Where and how the platform runs: one complete value, made once from a stack's config. What differs between a
 * developer's environment and a QA environment differs here, as data, and nowhere else.
 */
export interface Environment extends Kind {
  /** The platform's name, `<project>-<stack>`: what its parts on an engine are called by and recognised by. */
  readonly platform: string;
  /** What it is for: one of `kinds`. */
  readonly kind: keyof typeof kinds;
  /** The file that it was read from, for messages. */
  readonly source: string;
  /** The machine whose Docker engine runs the platform. */
  readonly machine: MachineSettings;
  /** What names of upstream images are appended to; empty for upstream itself. */
  readonly images: string;
  /** How many instances a service has, by its name; one where it is not named. */
  readonly replicas: Readonly<Record<string, number>>;
  /** The IPv4 address of the machine on which ports are published. */
  readonly publishAddress: string;
  /**
   * The IPv4 address of the machine under which services are registered, each with a port that Docker chooses there;
   * empty for the containers' own addresses.
   */
  readonly serviceAddress: string;
  /** The machine's ports, by what answers there. */
  readonly ports: PublishedPorts;
}

/** What an environment of a kind has in common with others of that kind. */
export interface Kind {
  /** How code gets into the services: the folder of this computer is mounted, or the image has a copy. */
  readonly delivery: "mounted" | "baked";
  /** Whether volumes, and the root password in one of them, outlive a `pulumi destroy --exclude-protected`. */
  readonly keepsData: boolean;
  /** What the services run as: RAILS_ENV, NODE_ENV. */
  readonly mode: string;
}

/** The kinds, by the value of `mia:kind`. */
export const kinds = {
  development: { delivery: "mounted", keepsData: true, mode: "development" },
  qa: { delivery: "baked", keepsData: false, mode: "production" },
} satisfies Record<string, Kind>;

/** How to get the engine: `local` is the one that the docker command talks to on this computer. */
export interface MachineSettings {
  readonly driver: "local";
}

/** Ports of the machine, 1 to 65535; those that nothing here needs may be 0: then they are not published. */
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

/** How a port of the machine is spoken to. */
export function protocolOf(name: keyof PublishedPorts): "tcp" | "udp" {
  return name === "consulDns" ? "udp" : "tcp";
}

/** Another port to propose: one that every user may open. */
export function portAfter(port: number): number {
  if (port < 1024) return port + 8000;
  return port < 65535 ? port + 1 : 1024;
}
