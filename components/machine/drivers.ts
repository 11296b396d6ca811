import type { Declared, Environment } from "../../platform/environment.ts";
import { contextEngine } from "./context.ts";
import { dockerMachineEngine } from "./docker-machine/driver.ts";
import type { Engine } from "./engine.ts";
import { localEngine } from "./local.ts";
import { sshEngine } from "./ssh.ts";

/**
 * The engine of the machine that an environment names, by the value of `mia:machine.driver`.
 * @throws RunError in one sentence, and nothing is created then.
 */
export function engineOf(environment: Declared<Environment>): Promise<Engine> {
  const { machine } = environment;
  switch (machine.driver) {
    case "local":
      return localEngine();
    case "context":
      return contextEngine(machine, environment);
    case "ssh":
      return sshEngine(machine);
    case "docker-machine":
      return dockerMachineEngine(machine, environment);
  }
}
