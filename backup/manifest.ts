import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { SetupError } from "../toolchain/steps.mjs";

const file = "manifest.json";

/** A file of a backup; it is compressed. */
const content = {
  part: v.string(),
  file: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/)),
  bytes: v.number(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
};

const dump = v.object({
  ...content,
  kind: v.literal("dump"),
  /** What it is made for. */
  dialect: v.string(),
  /** The databases in it, by service. */
  databases: v.record(v.string(), v.string()),
});

const files = v.object({ ...content, kind: v.literal("files"), path: v.string() });

const schema = v.object({
  format: v.literal(1),
  stack: v.string(),
  /** When it was as it is in the backup, as in 2026-11-26T21:13:31.000Z. */
  taken: v.pipe(v.string(), v.isoTimestamp()),
  /** The images that ran, by part. */
  images: v.record(v.string(), v.string()),
  parts: v.array(v.variant("kind", [dump, files])),
  /** What is not in it, by part: of what that is made again. */
  remade: v.record(v.string(), v.string()),
});

/** What a backup says of itself. */
export type Manifest = v.InferOutput<typeof schema>;

/** What is kept of a part. */
export type Kept = Manifest["parts"][number];

/** A part of which the databases are kept. */
export type KeptDump = v.InferOutput<typeof dump>;

/** A part of which the files are kept. */
export type KeptFiles = v.InferOutput<typeof files>;

/** Its manifest as text, and the name of the file for that. */
export function written(manifest: Manifest): { file: string; text: string } {
  return { file, text: `${JSON.stringify(manifest, undefined, 2)}\n` };
}

/**
 * Reads a backup's manifest.
 * @throws SetupError where the folder is no backup, or one that is not whole.
 */
export function readManifest(folder: string): Manifest {
  const need = "need a folder that `npm run backup` has made";
  if (!existsSync(folder)) throw new SetupError(`FOLDER: got ${folder}, which is not there, ${need}.`);
  if (!existsSync(join(folder, file)))
    throw new SetupError(`FOLDER: got ${folder}, in which there is no ${file}, ${need}.`);
  const found = parsed(readFileSync(join(folder, file), "utf8"));
  const { format } = v.parse(v.fallback(v.object({ format: v.unknown() }), { format: undefined }), found);
  if (typeof format === "number" && format !== 1) {
    throw new SetupError(
      `FOLDER: got ${folder}, a backup of format ${String(format)}, need format 1: take the version of mia that made it.`,
    );
  }
  const result = v.safeParse(schema, found);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue);
  const what = where === null ? "is no such manifest" : `is wrong at ${where}`;
  throw new SetupError(`FOLDER: got ${folder}, whose ${file} ${what}, ${need}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
