import type { MachineSettings } from "../../platform/environment.ts";
import type { Engine } from "./engine.ts";
import { localEngine } from "./local.ts";

/** Finds, or makes, the engine that a machine's settings ask for; refuses with a RunError before anything is created. */
export type Driver<Settings extends MachineSettings> = (settings: Settings) => Promise<Engine>;

/** One for each value of `mia:machine.driver`. */
const drivers: { [Name in MachineSettings["driver"]]: Driver<Extract<MachineSettings, { driver: Name }>> } = {
  local: localEngine,
};

/** The engine of the machine that these settings describe. */
export function engineOf(settings: MachineSettings): Promise<Engine> {
  return drivers[settings.driver](settings);
}
