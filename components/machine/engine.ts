/** A Docker engine that answers. */
export interface Engine {
  /** Where: `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`. */
  readonly host: string;
  /** The docker context by which it is reached, where that is not the default one. */
  readonly context?: string;
  /** Which: the engine's own id, which stays through restarts. */
  readonly id: string;
  /** Its version, such as `29.0.0`. */
  readonly version: string;
}
