// `npm run restore`: gives a stack that runs the data of a backup, its own or another stack's. docs/backup.md says how.

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { parse } from "../toolchain/arguments.mjs";
import { consent } from "../toolchain/consent.mjs";
import { main, say, SetupError, time } from "../toolchain/steps.mjs";
import { folderNamed, folderOf, nameNow, onStack, shown } from "./command.ts";
import { docker, start, startIn } from "./docker.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { type Plan, planOf } from "./plan.ts";
import { redirect } from "./redirect.ts";
import { running, type Stack } from "./stack.ts";
import { begin, end, heldBefore } from "./unfinished.ts";
import { refuseDamaged, sweep, writeBackup } from "./write.ts";

const usage = "npm run restore -- [--stack NAME] FOLDER [--yes]";

/** How long the services may take until the load balancer has them all again. */
const readySeconds = 180;

async function restore(args: string[]): Promise<number> {
  const options = {
    stack: { type: "string", short: "s", default: "dev" },
    yes: { type: "boolean", short: "y", default: false },
  } as const;
  const { values, positionals } = parse(args, options, usage, { allowPositionals: true });
  const { stack, yes } = values as { stack: string; yes: boolean };
  const [named] = positionals;
  if (named === undefined || positionals.length > 1) throw new SetupError(`Usage: ${usage}`);
  const folder = folderNamed(named);
  const manifest = readManifest(folder);
  await refuseDamaged(folder, manifest);
  return onStack(stack, async (there, signal) => {
    const plan = planOf(manifest, there);
    for (const words of plan.leftOut) say(`  ${words}`);
    await refuseOtherDialects(there, plan);
    // What can't be told to forget later can't be helped then.
    for (const { part } of plan.forgetful) running(there, part);
    const what = `This replaces the data of ${plan.names.join(", ")} in stack ${stack} by that of stack ${manifest.stack} of ${manifest.taken}.`;
    if (!yes && !(await consent(what))) return 1;
    return replace({ stack: there, folder, manifest, plan, signal });
  });
}

interface Restore {
  readonly stack: Stack;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly signal: AbortSignal;
}

async function refuseOtherDialects({ setup, ...stack }: Stack, { dumps }: Plan): Promise<void> {
  for (const { part, how, dialect } of dumps) {
    const { id } = running({ setup, ...stack }, part);
    const here = await docker(setup, ["exec", id, ...how.dialect], `The question what ${part} is`);
    if (here === dialect) continue;
    throw new SetupError(
      `The backup is of ${dialect}, and ${part} of stack ${stack.name} is ${here}: need a stack of the former.`,
    );
  }
}

/** What is there is kept before it goes; each failure says what there is and how to go on. */
async function replace(it: Restore): Promise<number> {
  const { stack, folder, plan, signal } = it;
  const from = Date.now();
  // After one that has not ended well, what is there now is worth nothing.
  const kept = heldBefore(stack);
  const before = kept ?? join(folderOf(stack.name), `${nameNow()}-before-restore`);
  await sweep(folderOf(stack.name));
  const stopped = stack.containers.filter(({ part }) => plan.services.includes(part));
  const services = plan.services.join(", ");
  const again = (of: string) => `npm run restore -- --stack ${stack.name} ${shown(of)}`;
  const notWhole = `The data of ${plan.names.join(", ")} in stack ${stack.name} is not whole${services === "" ? "" : `, and ${services} are stopped so that nobody uses it`}. Again: ${again(folder)}; or back to what was there: ${again(before)}`;
  let stage =
    kept === undefined
      ? `The data of ${services || plan.names.join(", ")} in stack ${stack.name} is as it was, but some of it may be stopped: npm run up -- --stack ${stack.name}`
      : notWhole;
  try {
    await Promise.all(stopped.map(({ id, part }) => docker(stack.setup, ["stop", id], `The stop of ${part}`)));
    // Nobody writes any more what would be in neither.
    if (kept === undefined) await writeBackup(stack, before, signal);
    say(`  What stack ${stack.name} held is kept in ${shown(before)}`);
    stage = notWhole;
    begin(stack, before);
    for (const dump of plan.dumps) await load(it, dump);
    for (const files of plan.files) await unpack(it, files);
    stage = `The data of ${plan.names.join(", ")} in stack ${stack.name} is restored, but what others remember of the old may be left${services === "" ? "" : `, and ${services} are stopped`}: ${again(folder)}`;
    for (const { part, forget } of plan.forgetful) {
      await docker(stack.setup, ["exec", running(stack, part).id, ...forget], `${part}'s forgetting of what was`);
    }
    end(stack);
    stage = `The data of ${plan.names.join(", ")} in stack ${stack.name} is restored, but not all of it runs again: npm run up -- --stack ${stack.name}`;
    await Promise.all(stopped.map(({ id, part }) => docker(stack.setup, ["start", id], `The start of ${part}`)));
    await served(stack, stopped);
  } catch (error) {
    const why = (error as Error).message.replace(/\.?$/, ".");
    throw new SetupError(`${signal.aborted ? "Interrupted." : why} ${stage}`);
  }
  say(
    `✔ Stack ${stack.name} has the data of stack ${it.manifest.stack} of ${it.manifest.taken}: ${plan.names.join(", ")} (${time((Date.now() - from) / 1000)}).`,
  );
  return 0;
}

/** Loads databases, each as a whole in the place of the one that is there. */
async function load(
  { stack, folder, signal }: Restore,
  { part, file, how, into }: Plan["dumps"][number],
): Promise<void> {
  const command = startIn(stack.setup, running(stack, part), how.restore, `Loading ${file} into ${part}`, signal);
  const target = (database: string) => into.get(database);
  async function* whole(dump: AsyncIterable<Buffer>) {
    yield Buffer.from([...into.values()].map(how.anew).join(""));
    yield* redirect(dump, how, target);
  }
  command.output.resume();
  try {
    // Why it has stopped to read, it says itself.
    await pipeline(createReadStream(join(folder, file)), createGunzip(), whole, command.input).catch(() =>
      command.ended.then(() => {
        throw new SetupError(`${file} could not be read to its end.`);
      }),
    );
    await command.ended;
  } finally {
    command.end();
  }
}

/** Puts files into the volume of a part, which is stopped for that, in the place of all that is there. */
async function unpack({ stack, folder, signal }: Restore, { part, file, path }: Plan["files"][number]): Promise<void> {
  const { setup, images } = stack;
  const { id } = running(stack, part);
  const what = `Unpacking ${file} into ${part}`;
  await docker(setup, ["stop", id], what);
  const empty = ["sh", "-c", 'find "$1" -mindepth 1 -delete', "sh", path];
  const [entry = "", ...args] = empty;
  const image = images[part] ?? "";
  await docker(
    setup,
    ["run", "--rm", "--user", "0", "--volumes-from", id, "--entrypoint", entry, image, ...args],
    what,
  );
  // Owners are the archive's; `--archive` would make them the container's user, whom the engine looks up among the machine's.
  const command = start(setup, ["cp", "-", `${id}:${path}`], what, signal);
  command.output.resume();
  try {
    const files = pipeline(createReadStream(join(folder, file)), createGunzip(), command.input);
    // Why it has stopped to read, it says itself; it may also have read all that counts.
    await files.catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
    });
    await command.ended;
  } finally {
    command.end();
  }
  await docker(setup, ["start", id], `The start of ${part}`);
}

/** Waits until the load balancer has every instance again. */
async function served({ statusUrl, name }: Stack, stopped: Stack["containers"]): Promise<void> {
  const deadline = Date.now() + readySeconds * 1000;
  for (;;) {
    const missing = await missingOf(statusUrl, stopped);
    if (missing.length === 0) return;
    if (Date.now() > deadline)
      throw new SetupError(
        `${missing.join(", ")} of stack ${name} was not in the load balancer within ${String(readySeconds)} s.`,
      );
    await sleep(300);
  }
}

async function missingOf(statusUrl: string, stopped: Stack["containers"]): Promise<string[]> {
  const parts = stopped.map(({ part }) => part);
  try {
    const response = await fetch(`${statusUrl}/services`, { signal: AbortSignal.timeout(3000) });
    const loaded = (await response.json()) as { name: string; instances: unknown[] }[];
    const count = (part: string) => loaded.find(({ name }) => name === part)?.instances.length ?? 0;
    return [...new Set(parts)].filter((part) => count(part) < parts.filter((other) => other === part).length);
  } catch {
    return [...new Set(parts)];
  }
}

await main(() => restore(process.argv.slice(2)));
