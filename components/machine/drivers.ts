import type { MachineSettings } from "../../platform/environment.ts";
import type { Engine } from "./engine.ts";
import { localEngine } from "./local.ts";

/** Finds, or makes, a machine's engine; refuses with a RunError in one sentence, and nothing is created then. */
type Driver = (settings: MachineSettings) => Promise<Engine>;

/** One for each value of `mia:machine.driver`. */
const drivers: Record<MachineSettings["driver"], Driver> = { local: localEngine };

/** The engine of the machine that these settings describe. */
export function engineOf(settings: MachineSettings): Promise<Engine> {
  return drivers[settings.driver](settings);
}
