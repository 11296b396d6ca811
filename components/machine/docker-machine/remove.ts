import { existsSync } from "node:fs";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { tlsAddress } from "../addresses.ts";
import { type Address, docker, dockerLines } from "../docker.ts";
import { dockerMachine, MachineError } from "./cli.ts";
import { type Look, lookAt, type Well } from "./look.ts";
import { machineFolder, readRecord, withStore } from "./store.ts";
import type { Wanted } from "./wanted.ts";

/**
 * Takes a machine away if we have made it, and it is that one; says why not otherwise. Where another platform lives on it too,
 * only what this one has there goes.
 */
export function removeMachine({ settings, platform }: Omit<Wanted, "flags">, id: string): Promise<string | undefined> {
  return withStore(async () => {
    const { name } = settings;
    const record = readRecord(name);
    if (record === undefined) return `the machine ${name} is not ours, or is gone already`;
    if (record.id !== id) return `the machine ${name} is another by now`;
    if (!record.made) return `the machine ${name} was there before, so it stays`;
    const look = await lookAt(settings);
    const others = await othersOn(look, platform);
    if (look.kind === "well" && others.length > 0) {
      await clear(look, platform);
      return `the machine ${name} stays, since ${living(others)} on it too`;
    }
    await remove(settings);
    return undefined;
  });
}

/**
 * Looks whether a machine may go, for another in its place.
 * @throws MachineError where another platform lives on it too.
 */
export async function refuseOthers({ settings: { name }, platform }: Wanted, look: Look): Promise<void> {
  const others = await othersOn(look, platform);
  if (others.length === 0) return;
  throw new MachineError(
    `The machine ${name} can't be replaced, since ${living(others)} on it too: take that down first.`,
  );
}

function living(others: readonly string[]): string {
  return `${others.join(" and ")} live${others.length > 1 ? "" : "s"}`;
}

/** Other platforms of ours on it, and data of those that were taken down without; none where it can't be asked. */
async function othersOn(look: Look, platform: string): Promise<string[]> {
  if (look.kind !== "well") return [];
  const own = await stacksOf(look, platform);
  const format = '{{.Label "mia.platform"}}';
  const platforms = await lines(look, "ps", "--all", "--filter", "label=mia.platform", "--format", format);
  const others = [...new Set(platforms)].filter((name) => name !== platform);
  const isOf = (volume: string, one: string) => volume.startsWith(`${one}-`);
  const volume = '{{.Label "mia.stack"}} {{.Name}}';
  const volumes = await lines(look, "volume", "ls", "--filter", "label=mia.stack", "--format", volume);
  const data = volumes.flatMap((line) => {
    const [stack = "", name = ""] = line.split(" ");
    // Another's name may begin as this one's does, so that counts only where nothing else tells.
    const isOwn = own.size > 0 ? own.has(stack) : isOf(name, platform);
    return isOwn || others.some((other) => isOf(name, other)) ? [] : [name];
  });
  return [...others, ...data].sort();
}

/** What a platform's things on a machine are labelled with, each by the state that has made it. */
async function stacksOf(look: Well, platform: string): Promise<Set<string>> {
  const label = ["--format", '{{.Label "mia.stack"}}'];
  const containers = await lines(look, "ps", "--all", "--filter", `label=mia.platform=${platform}`, ...label);
  return new Set([...containers, ...(await lines(look, "network", "ls", "--filter", `name=^${platform}$`, ...label))]);
}

/** Takes away what a platform has on a machine, which the state takes for gone with that. */
async function clear(look: Well, platform: string): Promise<void> {
  for (const stack of await stacksOf(look, platform)) {
    const its = ["--filter", `label=mia.stack=${stack}`];
    const containers = await lines(look, "ps", "--all", "--quiet", ...its);
    if (containers.length > 0) {
      await dockerLines(addressOf(look), ["stop", ...containers]);
      await lines(look, "rm", "--force", "--volumes", ...containers);
    }
    for (const kind of ["network", "volume"]) {
      const left = await lines(look, kind, "ls", "--quiet", ...its);
      if (left.length > 0) await lines(look, kind, "rm", ...left);
    }
  }
}

function addressOf({ host, certificates }: Well): Address {
  return tlsAddress(host, certificates);
}

/** What a docker command there answers. */
async function lines(look: Well, ...args: string[]): Promise<string[]> {
  return (await docker(addressOf(look), ...args)).stdout.split("\n").filter((line) => line !== "");
}

/** Takes it away, whoever has made it. */
export async function remove(settings: DockerMachineSettings): Promise<void> {
  const { name, binary } = settings;
  // Without -y and a terminal it would remove nothing, and say nothing.
  const removed = await dockerMachine(settings, ["rm", "-y", name], { seconds: 300 });
  if (removed.ok && !existsSync(machineFolder(name))) return;
  throw new MachineError(`The machine ${name} can't be removed (${removed.why}): see \`${binary} rm ${name}\`.`);
}
