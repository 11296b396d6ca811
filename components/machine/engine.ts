/** A Docker engine that answers. */
export interface Engine {
  /** Where: `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`. */
  readonly host: string;
  /** The docker context that has the certificates for it, where it asks for some. */
  readonly context?: string;
  /** Which: the engine's own id, which stays through restarts. */
  readonly id: string;
  /** Its version, such as `29.0.0`. */
  readonly version: string;
  /** What its images run on: `linux/x86_64`. */
  readonly platform: string;
  /** Its socket, as a container on it can mount it. */
  readonly socket: string;
}
