import { RunError } from "@pulumi/pulumi";
import { isDeepStrictEqual } from "node:util";
import { disposable } from "../../platform/catalogue/disposable.ts";
import { type Place, setCommand } from "../../platform/environment.ts";
import { physicalName } from "../../platform/names.ts";
import type { Problem } from "../../platform/problem.ts";
import { type Address, docker } from "./docker.ts";
import type { Name, Named } from "./taken-names.ts";

/** The labels that every volume of a stack is made with. Docker's own driver keeps it, which needs no word. */
export function volumeLabels(stackId: string): Readonly<Record<string, string>> {
  return { "mia.stack": stackId };
}

/** A volume as `docker volume inspect` shows it. */
export interface Volume {
  readonly Name: string;
  readonly CreatedAt: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** What of an environment a refusal has to know. */
type Owner = Pick<Place, "project" | "platform" | "source" | "discard">;

/**
 * The volumes of this stack that would be deleted, since nothing declares them any more, or made anew, since they are
 * declared as others, unless one holds nothing of worth or the config names that very volume.
 */
export function lostVolumes(
  owner: Owner,
  volumes: readonly Volume[],
  stackId: string,
  declared: readonly Name[],
): Problem[] {
  const worthless = disposable.map((volume) => physicalName(owner.platform, volume));
  const lost = volumes
    .filter((volume) => !owner.discard?.includes(consent(volume)) && !worthless.includes(volume.Name))
    .flatMap((volume) => {
      const why = whyLost(volume, stackId, declared);
      return why === undefined ? [] : [{ volume, why }];
    });
  return lost.map(({ volume, why }, i): Problem => {
    const where = `${owner.source}: the volume ${volume.Name}`;
    return { where, ...why, fix: fixOf(owner, volume, i) };
  });
}

function whyLost(
  { Name, Driver, Labels }: Volume,
  stackId: string,
  declared: readonly Name[],
): Pick<Problem, "got" | "need"> | undefined {
  if (!declared.some(({ kind, name }) => kind === "volume" && name === Name)) {
    const got = "no part that has it any more, and what is in it would be deleted";
    return { got, need: "need it to be declared, or your word that it may go" };
  }
  if (Driver === "local" && isDeepStrictEqual({ ...Labels }, volumeLabels(stackId))) return undefined;
  const got = "another driver or other labels than it has, and it would be made anew, without what is in it";
  return { got, need: "need those that it has, or your word that it may go" };
}

/** The i-th of them all, whose words are to be given one after the other. */
function fixOf({ project, platform, source, discard }: Owner, volume: Volume, i: number): string {
  if (discard === undefined) return "declare it as it was";
  const stack = platform.slice(project.length + 1);
  const key = `'${project}:discard[${String(discard.length + i)}]'`;
  return (
    `declare it as it was; or keep a copy (npm run backup -- --stack ${stack}) and say so: ` +
    `${setCommand(source)} --stack ${stack} --path ${key} ${consent(volume)} (where it is protected too, the next \`up\` says how to unprotect it alone)`
  );
}

/** Names this volume, and not one that has its name later. */
function consent({ Name, CreatedAt }: Volume): string {
  return `${Name}@${CreatedAt}`;
}

/**
 * The volumes of a stack, of all that its engine has.
 * @throws RunError where the engine does not say.
 */
export async function volumesOf(address: Address, all: readonly Named[], stackId: string): Promise<Volume[]> {
  const names = all.flatMap(({ name, stack }) => (stack === stackId ? [name] : []));
  if (names.length === 0) return [];
  const found = await docker(address, "volume", "inspect", ...names);
  if (!found.ok) throw new RunError(`The engine does not show its volumes: ${found.why}`);
  return JSON.parse(found.stdout) as Volume[];
}
