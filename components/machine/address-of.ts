import type { MachineSettings } from "../../platform/machine.ts";
import { contextAddress, sshAddress, tlsAddress } from "./addresses.ts";
import type { Address } from "./docker.ts";
import { MachineError } from "./docker-machine/cli.ts";
import { lookAt } from "./docker-machine/look.ts";

/**
 * How to reach a machine's engine as it is now, for who makes none.
 * @throws MachineError in one sentence where docker-machine's is not there or does not answer.
 */
export async function addressOf(settings: MachineSettings): Promise<Address> {
  if (settings.driver === "local") return {};
  if (settings.driver === "context") return contextAddress(settings.name);
  if (settings.driver === "ssh") return sshAddress(settings.address);
  const look = await lookAt(settings);
  if (look.kind === "well") return tlsAddress(look.host, look.certificates);
  throw new MachineError(`The machine ${settings.name} is not there, or does not answer: \`npm run up\` makes it.`);
}
