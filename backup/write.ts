import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { SetupError } from "../toolchain/steps.mjs";
import { docker, type Running, start, startIn } from "./docker.ts";
import { type Kept, type Manifest, written } from "./manifest.ts";
import { type Keeping, running, type Stack } from "./stack.ts";

/** What a backup is called until it is whole, and the file by which it is known as one of ours. */
const [unfinished, mark] = [".partial", ".mia-backup"];

/**
 * Writes what a stack holds into a folder, which is there once it is whole, or not at all.
 * @throws SetupError where that fails: nothing of it is left then.
 */
export async function writeBackup(stack: Stack, folder: string, signal: AbortSignal): Promise<Manifest> {
  const partial = `${folder}${unfinished}`;
  if (existsSync(partial) && !existsSync(join(partial, mark)))
    throw new SetupError(`FOLDER: got ${folder}, and ${partial} is there, which is no backup's: need another name.`);
  try {
    // Of one that was killed.
    rmSync(partial, { recursive: true, force: true });
    // It holds what users have entrusted to the services.
    mkdirSync(partial, { recursive: true, mode: 0o700 });
    writeFileSync(join(partial, mark), "");
    const manifest = await writeInto(partial, stack, signal);
    if (signal.aborted) throw new SetupError("Interrupted.");
    rmSync(join(partial, mark));
    renameSync(partial, folder);
    await flush(dirname(folder));
    return manifest;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (signal.aborted) throw new SetupError(`Interrupted: there is no backup ${folder}.`);
    if (error instanceof SetupError) throw new SetupError(`${error.message} There is no backup ${folder}.`);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new SetupError(`The backup ${folder} can't be written (${(error as Error).message}): nothing of it is left.`);
  }
}

/** Takes away what backups that were killed have left in a folder. */
export async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(unfinished)))
    rmSync(join(folder, name), { recursive: true, force: true });
}

async function writeInto(folder: string, stack: Stack, signal: AbortSignal): Promise<Manifest> {
  const taken = new Date().toISOString();
  const parts: Kept[] = [];
  const remade: Record<string, string> = {};
  for (const [part, keeping] of stack.keeping) {
    if (keeping.kind === "derived") remade[part] = keeping.from;
    else parts.push(await keep(folder, stack, part, keeping, signal));
  }
  const manifest: Manifest = { format: 1, stack: stack.name, taken, images: { ...stack.images }, parts, remade };
  const { file, text } = written(manifest);
  await pipeline([text], createWriteStream(join(folder, file), { mode: 0o600, flush: true }));
  await flush(folder);
  return manifest;
}

async function keep(
  folder: string,
  stack: Stack,
  part: string,
  keeping: Exclude<Keeping, { kind: "derived" }>,
  signal: AbortSignal,
): Promise<Kept> {
  const { setup, databases } = stack;
  const container = running(stack, part);
  if (keeping.kind === "dump") {
    const what = `The dump of ${part}`;
    const dialect = await docker(setup, ["exec", container.id, ...keeping.dialect], what);
    const file = `${part}.dump.gz`;
    const dump = startIn(setup, container, keeping.dump(Object.values(databases)), what, signal);
    return {
      part,
      kind: "dump",
      dialect,
      databases: { ...databases },
      file,
      ...(await store(dump, join(folder, file))),
    };
  }
  const what = `The copy of ${part}'s files`;
  const file = `${part}.tar.gz`;
  // Whoever writes files is not to be read at the same time.
  await docker(setup, ["stop", container.id], what);
  try {
    const copy = start(setup, ["cp", "--archive", `${container.id}:${keeping.path}/.`, "-"], what, signal);
    return { part, kind: "files", path: keeping.path, file, ...(await store(copy, join(folder, file))) };
  } finally {
    await docker(setup, ["start", container.id], `The start of ${part}`);
  }
}

/** Writes what a command says into a file, compressed and as it comes. */
async function store(command: Running, file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* counted(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  command.input.end();
  try {
    // Fast rather than small: whoever works at the same time needs the processor too.
    const target = createWriteStream(file, { mode: 0o600, flush: true });
    await pipeline(command.output, createGzip({ level: 1 }), counted, target);
    await command.ended;
  } finally {
    command.end();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** What was renamed or made in a folder is to be there after the power has gone. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws SetupError where a file of a backup is not what was written. */
export async function refuseDamaged(folder: string, { parts }: Manifest): Promise<void> {
  for (const { file, sha256 } of parts) {
    const hash = createHash("sha256");
    try {
      await pipeline(createReadStream(join(folder, file)), hash);
    } catch (error) {
      throw new SetupError(`${join(folder, file)} can't be read (${(error as Error).message}): take another backup.`);
    }
    if (hash.digest("hex") === sha256) continue;
    throw new SetupError(
      `${join(folder, file)} is not what ${basename(folder)} was made with (its checksum differs): take another backup.`,
    );
  }
}
