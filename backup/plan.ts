import type { Dump } from "../platform/backup.ts";
import { SetupError } from "../toolchain/steps.mjs";
import type { KeptDump, KeptFiles, Manifest } from "./manifest.ts";
import type { Stack } from "./stack.ts";

/** What a restore does to a stack. */
export interface Plan {
  /** Databases of the backup, and into which of the stack each goes. */
  readonly dumps: readonly (KeptDump & { readonly how: Dump; readonly into: ReadonlyMap<string, string> })[];
  readonly files: readonly KeptFiles[];
  /** The services whose databases these are: they are stopped meanwhile. */
  readonly services: readonly string[];
  /** What gets other data, by its name. */
  readonly names: readonly string[];
  /** The parts that are to forget what they have of the data before. */
  readonly forgetful: readonly { readonly part: string; readonly forget: readonly string[] }[];
  /** A sentence for what of the backup has no place in the stack, and for what of the stack stays as it is. */
  readonly leftOut: readonly string[];
}

/** @throws SetupError where the stack has a place for nothing of it. */
export function planOf(manifest: Manifest, stack: Pick<Stack, "name" | "databases" | "keeping">): Plan {
  const { databases, keeping, name } = stack;
  const leftOut: string[] = [];
  const dumps = manifest.parts.flatMap((kept) => {
    const how = keeping.get(kept.part);
    if (kept.kind !== "dump" || how?.kind !== "dump") return [];
    const pairs = Object.entries(kept.databases).flatMap(([service, from]): [string, string][] => {
      const to = databases[service];
      return to === undefined ? [] : [[from, to]];
    });
    return pairs.length === 0 ? [] : [{ ...kept, how, into: new Map(pairs) }];
  });
  const files = manifest.parts.flatMap((kept) => {
    const how = keeping.get(kept.part);
    return kept.kind === "files" && how?.kind === "files" ? [{ ...kept, path: how.path }] : [];
  });
  const kept = new Set(
    manifest.parts.flatMap((part) => (part.kind === "dump" ? Object.keys(part.databases) : [part.part])),
  );
  const here = new Set([
    ...Object.keys(databases),
    ...[...keeping].filter(([, { kind }]) => kind === "files").map(([part]) => part),
  ]);
  const services = Object.keys(databases).filter((service) => kept.has(service) && dumps.length > 0);
  const names = [...services, ...files.map(({ part }) => part)];
  for (const one of kept)
    if (!names.includes(one)) leftOut.push(`${one} is left out: stack ${name} has no place for its data`);
  for (const one of here)
    if (!names.includes(one)) leftOut.push(`${one} of stack ${name} stays as it is: the backup has none of its data`);
  if (names.length === 0) {
    throw new SetupError(
      `The backup has data of ${[...kept].join(", ") || "nothing"}, and stack ${name} has a place for none of that.`,
    );
  }
  const forgetful = [...keeping].flatMap(([part, how]) =>
    how.kind === "derived" && how.forget !== undefined ? [{ part, forget: how.forget }] : [],
  );
  return { dumps, files, services, names, forgetful, leftOut };
}
