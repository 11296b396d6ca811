import type { DockerMachineSettings } from "../../../platform/machine.ts";

/** What a machine is to be. */
export interface Wanted {
  readonly settings: DockerMachineSettings;
  /** What it is made with. */
  readonly flags: readonly string[];
  /** Who is to live on it. */
  readonly platform: string;
}

/** Hears what goes on: a line when something begins, and all that docker-machine says meanwhile. */
export interface Listener {
  begins(doing: string): void;
  says(line: string): void;
}

/** The longest that docker-machine may take for anything, in seconds. */
export const longestSeconds = 1800;
