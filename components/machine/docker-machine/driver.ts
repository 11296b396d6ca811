import * as pulumi from "@pulumi/pulumi";
import { randomUUID } from "node:crypto";
import { relative, resolve, sep } from "node:path";
import type { Environment } from "../../../platform/environment.ts";
import { createFlags, type DockerMachineSettings, type Share } from "../../../platform/machine.ts";
import { tlsAddress } from "../addresses.ts";
import { askEngine, type Engine, reachedAt } from "../engine.ts";
import { usualSocket } from "../local.ts";
import { changes } from "./changes.ts";
import { MachineError } from "./cli.ts";
import { ensureMachine, isChanged, isConfirmed, shortId } from "./ensure.ts";
import { type Look, lookAt, type Well } from "./look.ts";
import { refuseOthers } from "./remove.ts";
import { machineFolder, readRecord, type Record, writeRecord } from "./store.ts";
import { DockerMachine } from "./resource.ts";
import type { Wanted } from "./wanted.ts";

type Surroundings = Pick<Environment, "platform" | "source" | "delivery" | "keepsData">;

/** What a look at a machine tells of its engine. */
interface Found {
  readonly host: string;
  readonly certificates: string;
  readonly id: string;
  readonly platform: string;
  readonly record: Pick<Record, "id" | "made">;
  /** The folder of this computer that it shows, as docker-machine says it. */
  readonly shares: string;
  readonly asleep?: boolean;
}

/**
 * The engine of a machine that docker-machine makes. An `up` makes sure of it before anything else is declared; a preview says what
 * that would do, and knows nothing of the engine of one that is still to be made.
 * @throws RunError in one sentence.
 */
export async function dockerMachineEngine(settings: DockerMachineSettings, around: Surroundings): Promise<Engine> {
  const { name } = settings;
  const share = shareFor(settings, around);
  const wanted = { settings, flags: createFlags(settings, share), platform: around.platform };
  refuseChange(wanted, around);
  const found = pulumi.runtime.isDryRun() ? await foresee(wanted, around) : await make(wanted);
  const { host, certificates, id, platform, record } = found;
  if (share !== undefined && !found.asleep) refuseOtherShare(found, settings, share, around);
  const resource = new DockerMachine(name, { wanted, machineId: record.id });
  return {
    host,
    certificates,
    address: tlsAddress(host, certificates),
    id,
    platform,
    socket: usualSocket,
    reachedAt: reachedAt(host),
    choice: "correct mia:machine to name",
    ...(share === undefined ? {} : { folder: (path: string) => shared(path, share) }),
    // A preview that has found it knows it, whatever else is to change of the resource, such as a secret.
    ...(pulumi.runtime.isDryRun() && id !== "" ? {} : { made: resource.made }),
    machineId: record.id,
    // Who goes with it needs no goodbye of its own; a computer that generic was shown stays, whatever docker-machine forgets.
    ...(record.made && settings.machineDriver !== "generic" ? { deletedWith: resource.command } : {}),
    asleep: found.asleep === true,
    facts: { name, machineDriver: settings.machineDriver, ip: reachedAt(host) },
  };
}

/** Makes sure of it. */
async function make(wanted: Wanted): Promise<Found> {
  const ready = await ensureMachine(wanted, {
    begins: (doing) => void pulumi.log.info(doing),
    // Shown while it goes on, and gone afterwards.
    says: (line) => void pulumi.log.info(line, undefined, undefined, true),
  }).catch(cleanly);
  const { look, record } = ready;
  const engine = await ask(wanted.settings, look);
  const { host, certificates, shares } = look;
  writeRecord(wanted.settings.name, { ...record, engine: { host, ...engine } });
  return { host, certificates, shares, ...engine, record };
}

/** Says what an `up` would do. */
async function foresee(wanted: Wanted, { keepsData }: Surroundings): Promise<Found> {
  const { settings, flags } = wanted;
  const { name } = settings;
  const record = readRecord(name);
  const look = await lookAt(settings).catch(cleanly);
  const again = record !== undefined && isChanged(flags, record);
  if (again) await refuseOthers(wanted, look).catch(cleanly);
  if (look.kind === "absent" || look.kind === "gone" || again) {
    const anew = keepsData
      ? " Had the stack one before, then `npm run down -- --volumes` has to forget what was on it."
      : "";
    const words = again ? "is replaced, with all of its data" : "is not there";
    await pulumi.log.warn(
      `The machine ${name} ${words}: an \`up\` makes it, and what runs on it is known then.${anew}`,
    );
    return { ...unknown, record: { id: randomUUID(), made: true } };
  }
  if (look.kind === "well") {
    const { host, certificates, shares } = look;
    return { host, certificates, shares, ...(await ask(settings, look)), record: record ?? { id: "", made: false } };
  }
  await pulumi.log.warn(`The machine ${name} ${words(look)}: an \`up\` tries to put it right.`);
  const last = { ...unknown, certificates: machineFolder(name), ...record?.engine };
  return { ...last, record: record ?? { id: "", made: false } };
}

/** Nobody knows yet, but for what most probably runs there. */
const unknown = {
  host: "",
  certificates: "",
  shares: "",
  id: "",
  platform: `linux/${process.arch === "arm64" ? "aarch64" : "x86_64"}`,
  asleep: true,
};

function words(look: Look): string {
  if (look.kind === "stopped") return `is ${look.why}`;
  return `does not do its work${"why" in look ? ` (${look.why})` : ""}`;
}

async function ask({ name, machineDriver }: DockerMachineSettings, { host, certificates }: Well) {
  const other = "name another mia:machine.machineDriver";
  const { id, platform } = await askEngine(
    tlsAddress(host, certificates),
    `The Docker engine of the machine ${name} (${host})`,
    {
      away: "see it by `docker-machine ssh`.",
      // boot2docker's last image has 19.03, under which threads of today's images can't start.
      old:
        machineDriver === "virtualbox"
          ? `name a newer image in mia:machine.options.virtualbox-boot2docker-url, or ${other}.`
          : `update it, or ${other}.`,
    },
  );
  return { id, platform };
}

/** The clone, where its code is mounted. */
function shareFor({ machineDriver }: DockerMachineSettings, { delivery }: Surroundings): Share | undefined {
  const mounts = delivery === "mounted" && machineDriver === "virtualbox";
  return mounts ? { folder: process.cwd(), path: "/mia" } : undefined;
}

function shared(path: string, { folder, path: there }: Share): string {
  return [there, ...relative(folder, resolve(path)).split(sep)].join("/");
}

function refuseOtherShare(
  { shares }: Found,
  { name }: DockerMachineSettings,
  { folder, path }: Share,
  { source }: Surroundings,
): void {
  if (shares === `${folder}:${path.slice(1)}`) return;
  throw new pulumi.RunError(
    `${source}: mia:machine.name: got ${name}, a machine that does not share ${folder}, whose code is mounted, need one of this clone's own. Fix: pulumi config set --path mia:machine.name another`,
  );
}

/** There is no resize: what is to be another goes with all of its data, and only where that was said. */
function refuseChange({ settings, flags }: Wanted, { source, keepsData }: Surroundings): void {
  const record = readRecord(settings.name);
  if (record === undefined || !isChanged(flags, record) || (isConfirmed(settings, record) && !keepsData)) return;
  const fix = keepsData
    ? "npm run down -- --volumes, then npm run up"
    : `pulumi config set --path mia:machine.replace ${shortId(record.id)}`;
  throw new pulumi.RunError(
    `${source}: mia:machine: got ${changes(record.flags, flags)}, and a machine can't be changed, only made anew without its data. Fix: put it back, or ${fix}`,
  );
}

/** In one clean sentence where it is a user's. */
function cleanly(error: Error): never {
  throw error instanceof MachineError ? new pulumi.RunError(error.message) : error;
}
