/**
 * Where and how the platform runs: one complete value, made once from a stack's config. What differs between a
 * developer's environment and a QA environment differs here, as data, and nowhere else.
 */
export interface Environment extends Kind {
  /** The platform's name, `<project>-<stack>`: what its parts on an engine are called by and recognised by. */
  readonly platform: string;
  /** The file that it was read from, for messages. */
  readonly source: string;
  /** The machine whose Docker engine runs the platform. */
  readonly machine: MachineSettings;
  /** What names of upstream images are appended to; empty for upstream itself. */
  readonly images: string;
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
  /** What the services get as RAILS_ENV. */
  readonly railsEnv: string;
}

/** The kinds, by the value of `mia:kind`. */
export const kinds = {
  development: { delivery: "mounted", keepsData: true, railsEnv: "development" },
  qa: { delivery: "baked", keepsData: false, railsEnv: "production" },
} satisfies Record<string, Kind>;

/** How to get the engine: `local` is the one that the docker command talks to on this computer. */
export interface MachineSettings {
  readonly driver: "local";
}

/** Ports of the machine, 1 to 65535. */
export interface PublishedPorts {
  /** The load balancer: the platform's front door. */
  readonly http: number;
  /** The load balancer's own state. */
  readonly status: number;
  /** Consul's HTTP API and UI. */
  readonly consul: number;
}

/** Another port to propose: one that every user may open. */
export function portAfter(port: number): number {
  if (port < 1024) return port + 8000;
  return port < 65535 ? port + 1 : 1024;
}
