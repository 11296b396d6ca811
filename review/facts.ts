/** The facts of a stack's text (record.ts): by resource, such as `docker:index/container:Container::user`, and by what they are about. */
export type Facts = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads them; components and outputs are left out, which only say again what resources are. */
export function factsOf(text: string): Facts {
  const blocks = text.split("\n\n").filter((block) => /^(docker|command|random|tls):/.test(block));
  return new Map(
    blocks.map((block) => {
      const [resource = "", ...lines] = block.trimEnd().split("\n");
      const facts = new Map<string, string[]>();
      for (const line of lines) {
        const [, what = "", value = ""] = /^ {2}(in|after|option \S+|\S+)(?: =)? (.*)$/.exec(line) ?? [];
        facts.set(what, [...(facts.get(what) ?? []), value]);
      }
      return [resource, facts];
    }),
  );
}

/** Whether it is the resource's own, and no word about its place or an option of Pulumi's. */
export function isOwn(what: string): boolean {
  return !/^(in|after|option)\b/.test(what);
}

/** What a resource is in plain words: `container`, `random password`. */
export function kindOf(type: string): string {
  return (type.split(":").at(-1) ?? "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

/** What differs of a resource. */
export interface Difference {
  readonly resource: string;
  /** Of it: `image`, `ports`, `option protect`. Empty where the resource as a whole is there on one side only. */
  readonly what: string;
  /** The lines that only this side has. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** All that differs between two texts, by resource. */
export function differences(before: Facts, after: Facts): Difference[] {
  const resources = [...new Set([...before.keys(), ...after.keys()])].sort();
  return resources.flatMap((resource) => differencesOf(resource, before.get(resource), after.get(resource)));
}

type OfResource = ReadonlyMap<string, readonly string[]> | undefined;

function differencesOf(resource: string, before: OfResource, after: OfResource): Difference[] {
  if (before === undefined || after === undefined) {
    return [{ resource, what: "", before: before ? ["there"] : [], after: after ? ["there"] : [] }];
  }
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [a, b] = [before.get(what) ?? [], after.get(what) ?? []];
    const only = { before: a.filter((line) => !b.includes(line)), after: b.filter((line) => !a.includes(line)) };
    return only.before.length + only.after.length === 0 ? [] : [{ resource, what, ...only }];
  });
}
