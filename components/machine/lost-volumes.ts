import { RunError } from "@pulumi/pulumi";
import { isDeepStrictEqual } from "node:util";
import { type Place, setCommand } from "../../platform/environment.ts";
import { ConfigError, type Problem } from "../../platform/problem.ts";
import { type Address, docker } from "./docker.ts";

/** What a volume is made with, beside its name: with anything else it would be another. */
export interface VolumeKind {
  /** @default local */
  readonly driver?: string;
  readonly labels: Readonly<Record<string, string>>;
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
 * Refuses to go on where a volume of this stack would be deleted, since nothing declares it any more, or made anew, since it is
 * declared as another, unless the config names that very volume.
 * @throws RunError that names all of them at once.
 */
export async function refuseLostVolumes(
  owner: Owner,
  volumes: Promise<readonly Volume[]>,
  declared: ReadonlyMap<string, VolumeKind>,
): Promise<void> {
  const problems = (await volumes)
    .filter((volume) => !owner.discard?.includes(consent(volume)))
    .flatMap((volume) => problemOf(owner, volume, declared.get(volume.Name)));
  if (problems.length > 0) throw new RunError(new ConfigError(problems).message);
}

function problemOf(owner: Owner, volume: Volume, declared: VolumeKind | undefined): Problem[] {
  const { Name, Driver, Labels } = volume;
  const where = `${owner.source}: the volume ${Name}`;
  if (declared === undefined) {
    const got = "no part that has it any more, and what is in it would be deleted";
    return [{ where, got, need: "need it to be declared, or your word that it may go", fix: fixOf(owner, volume) }];
  }
  if ((declared.driver ?? "local") === Driver && isDeepStrictEqual(declared.labels, { ...Labels })) return [];
  const got = "another driver or other labels than it has, and it would be made anew, without what is in it";
  return [{ where, got, need: "need those that it has, or your word that it may go", fix: fixOf(owner, volume) }];
}

function fixOf({ project, platform, source, discard }: Owner, volume: Volume): string {
  if (discard === undefined) return "declare it as it was";
  const stack = platform.slice(project.length + 1);
  const key = `'${project}:discard[${String(discard.length)}]'`;
  return (
    `declare it as it was; or keep a copy (npm run backup -- --stack ${stack}) and say so: ` +
    `${setCommand(source)} --stack ${stack} --path ${key} ${consent(volume)} (and pulumi state unprotect --all --stack ${stack}, where it is protected)`
  );
}

/** Names this volume, and not one that has its name later. */
function consent({ Name, CreatedAt }: Volume): string {
  return `${Name}@${CreatedAt}`;
}

/**
 * The volumes of a stack, whose id may still be to come: the engine is asked meanwhile. None where it does not come.
 * @throws RunError where the engine does not say.
 */
export async function volumesOf(address: Address, stackId: Promise<string | undefined>): Promise<Volume[]> {
  const format = '{{.Name}} {{.Label "mia.stack"}}';
  const [list, id] = await Promise.all([
    docker(address, "volume", "ls", "--format", format, "--filter", "label=mia.stack"),
    stackId,
  ]);
  if (id === undefined) return [];
  if (!list.ok) throw new RunError(`The engine does not list its volumes: ${list.why}`);
  const lines = list.stdout.split("\n").map((line) => line.split(" "));
  const names = lines.flatMap(([name = "", owner]) => (owner === id ? [name] : []));
  if (names.length === 0) return [];
  const found = await docker(address, "volume", "inspect", ...names);
  if (!found.ok) throw new RunError(`The engine does not show its volumes: ${found.why}`);
  return JSON.parse(found.stdout) as Volume[];
}
