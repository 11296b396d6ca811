import { existsSync } from "node:fs";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { tlsAddress } from "../addresses.ts";
import { docker } from "../docker.ts";
import { dockerMachine, MachineError } from "./cli.ts";
import { lookAt } from "./look.ts";
import { machineFolder, readRecord, withStore } from "./store.ts";

/**
 * Takes a machine away if we have made it, and it is that one; says why not otherwise.
 * @throws MachineError where another platform than this lives on it too.
 */
export function removeMachine(
  settings: DockerMachineSettings,
  id: string,
  platform: string,
): Promise<string | undefined> {
  return withStore(async () => {
    const { name } = settings;
    const record = readRecord(name);
    if (record === undefined) return `the machine ${name} is not ours, or is gone already`;
    if (record.id !== id) return `the machine ${name} is another by now`;
    if (!record.made) return `the machine ${name} was there before, so it stays`;
    const others = await othersOn(settings, platform);
    if (others.length > 0) {
      throw new MachineError(
        `The machine ${name} can't be removed, since ${others.join(" and ")} live${others.length > 1 ? "" : "s"} on it too: take that down first.`,
      );
    }
    await remove(settings);
    return undefined;
  });
}

/** Other platforms of ours on it, and their data; none where it can't be asked. */
async function othersOn(settings: DockerMachineSettings, platform: string): Promise<string[]> {
  const look = await lookAt(settings);
  if (look.kind !== "well") return [];
  const address = tlsAddress(look.host, look.certificates);
  const format = '{{.Label "mia.platform"}}';
  const containers = await docker(address, "ps", "--all", "--filter", "label=mia.platform", "--format", format);
  // Of one that was taken down without its data, these are left.
  const volumes = await docker(address, "volume", "ls", "--filter", "label=mia.stack", "--format", "{{.Name}}");
  const names = [
    ...containers.stdout.split("\n").filter((name) => name !== platform),
    ...volumes.stdout.split("\n").filter((name) => !name.startsWith(`${platform}-`)),
  ];
  return [...new Set(names)].filter((name) => name !== "").sort();
}

/** Takes it away, whoever has made it. */
export async function remove(settings: DockerMachineSettings): Promise<void> {
  const { name, binary } = settings;
  // Without -y and a terminal it would remove nothing, and say nothing.
  const removed = await dockerMachine(settings, ["rm", "-y", name], { seconds: 300 });
  if (removed.ok && !existsSync(machineFolder(name))) return;
  throw new MachineError(`The machine ${name} can't be removed (${removed.why}): see \`${binary} rm ${name}\`.`);
}
