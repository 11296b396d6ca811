import { existsSync } from "node:fs";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { dockerMachine } from "./cli.ts";
import { machineFolder } from "./store.ts";

/** How a machine is. */
export type Look =
  /** docker-machine does not know it, or VirtualBox has it no more. */
  | { readonly kind: "absent" | "gone" }
  /** It is off, or does not do its work. */
  | { readonly kind: "stopped" | "ill" | "broken"; readonly why: string; readonly shows?: string }
  | Well;

/** Its engine answers over TLS. */
export interface Well {
  readonly kind: "well";
  readonly host: string;
  readonly certificates: string;
  /** The folder of this computer that it shows, and where: `folder:name`. */
  readonly shares: string;
}

interface Inspected {
  Driver: { ShareFolder?: string };
  HostOptions: { AuthOptions: { StorePath: string } };
}

/** Looks at it. `status` and `ls` call half-made ones well: only `config`, which asks the engine over TLS, proves it. */
export async function lookAt(settings: DockerMachineSettings): Promise<Look> {
  const { name } = settings;
  if (!existsSync(machineFolder(name))) return { kind: "absent" };
  const inspect = await dockerMachine(settings, ["inspect", name]);
  if (!inspect.ok) return { kind: "broken", why: inspect.why };
  const config = await dockerMachine(settings, ["config", name]);
  const host = /-H=(\S+)/.exec(config.stdout)?.[1];
  if (config.ok && host !== undefined) {
    const { Driver, HostOptions } = JSON.parse(inspect.stdout) as Inspected;
    const { StorePath: certificates } = HostOptions.AuthOptions;
    return { kind: "well", host, certificates, shares: Driver.ShareFolder ?? "" };
  }
  const status = await dockerMachine(settings, ["status", name]);
  if (status.why.includes("machine does not exist")) return { kind: "gone" };
  if (["Stopped", "Saved", "Paused"].includes(status.stdout))
    return { kind: "stopped", why: status.stdout.toLowerCase() };
  return { kind: "ill", why: config.why, shows: status.stdout };
}
