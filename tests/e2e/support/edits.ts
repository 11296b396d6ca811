import * as fc from "fast-check";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BackingName, FrontendEntry, MicroserviceEntry, Variables } from "../../../platform/service.ts";
import type { Draft, Edited } from "./edited.ts";
import { freePort } from "./ports.ts";
import type { TestEngine } from "./test-engine.ts";

/** Where edits are made. */
export interface Place {
  readonly platform: Edited;
  readonly engine: TestEngine;
}

/** What an edit did. */
export interface Made {
  readonly words: string;
  /** The parts that are away while it is brought about: who uses them may not answer. `edge`: then nobody does. @default none */
  readonly away?: readonly string[];
}

/** An edit as a user makes it, of which only the present platform says what exactly it is. */
export class Edit {
  readonly kind: string;
  private readonly doing: (place: Place) => Promise<Made | undefined>;
  private words: string;

  constructor(kind: string, doing: (place: Place) => Promise<Made | undefined>) {
    this.kind = kind;
    this.doing = doing;
    this.words = `${kind} (not made)`;
  }

  /** Makes it; not where there is nothing that it could be about, or where the platform's rules forbid it. */
  async make(place: Place): Promise<Made | undefined> {
    const made = await this.doing(place);
    this.words = made?.words ?? `${this.kind} (nothing that it could be about)`;
    return made;
  }

  toString(): string {
    return this.words;
  }
}

const addedMicroservices = ["order", "invoice"];
// The last one may be the name of a second instance, and then is none for a front end.
const addedFrontends = ["shop", "blog", "keepwww-2"];
const parts = ["consul", "registrator", "db", "memcache", "rmq", "elastic", "edge", "loadBalancer"];

/** One of these by a number that fast-check has chosen. */
function pick<T>(from: readonly T[], number: number): T | undefined {
  return from[number % Math.max(from.length, 1)];
}

function edit<T>(
  kind: string,
  choice: fc.Arbitrary<T>,
  doing: (choice: T, place: Place) => Promise<Made | undefined>,
): fc.Arbitrary<Edit> {
  return choice.map((chosen) => new Edit(kind, (place) => doing(chosen, place)));
}

const uses = fc.subarray<BackingName>(["db", "memcache", "rmq", "consul", "elastic"], { maxLength: 3 });

/** Any text that a variable can have. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0")),
  fc.constantFrom("", " ", "a=b", "$HOME", "`id`", '"quoted"', "two\nlines", "${VARIABLE}", "%s", "\\"),
);

/** Writes an entry of either catalogue anew; undefined where the platform's rules forbid it. */
async function entry(
  { platform }: Place,
  name: string,
  change: (old: MicroserviceEntry | FrontendEntry) => Partial<MicroserviceEntry & FrontendEntry>,
): Promise<boolean> {
  const { microservices, frontends } = platform.now;
  const [service, frontend] = [microservices[name], frontends[name]];
  const draft: Partial<Draft> = {
    ...(service === undefined
      ? {}
      : { microservices: { ...microservices, [name]: { ...service, ...change(service) } } }),
    ...(frontend === undefined ? {} : { frontends: { ...frontends, [name]: { ...frontend, ...change(frontend) } } }),
  };
  if (!platform.allows(draft)) return false;
  await platform.take(draft);
  return true;
}

/** A line more at the end of a file. */
async function comment({ platform }: Place, file: string): Promise<string> {
  await platform.clone.edit(file, (before) => `${before}# another\n`);
  return `a comment at the end of ${file}`;
}

/** Every kind of edit whose `up` is soon done. */
export const cheap: Readonly<Record<string, fc.Arbitrary<Edit>>> = {
  "add a microservice": edit("add a microservice", fc.record({ which: fc.nat(), uses }), async (chosen, place) => {
    const { platform } = place;
    const name = pick(
      addedMicroservices.filter((one) => !(one in platform.services)),
      chosen.which,
    );
    if (name === undefined) return undefined;
    const made = await platform.clone.run("npm", ["run", "--silent", "new", "--", "service", name]);
    if (made.code !== 0) throw new Error(made.output);
    const source = `services/rosi_${name}_service`;
    const { microservices } = platform.now;
    await platform.take({ microservices: { ...microservices, [name]: { source, uses: chosen.uses } } });
    return { words: `add the microservice ${name} that uses ${chosen.uses.join(", ") || "nothing"}` };
  }),

  "add a front end": edit("add a front end", fc.nat(), async (which, { platform }) => {
    const { frontends } = platform.now;
    const names = addedFrontends.filter((one) => !(one in platform.services));
    const name = pick(
      names.filter((one) => platform.allows({ frontends: { ...frontends, [one]: addedFrontend(one) } })),
      which,
    );
    if (name === undefined) return undefined;
    const source = addedFrontend(name).source;
    cpSync(join(platform.clone.folder, "frontend/keep_www"), join(platform.clone.folder, source), { recursive: true });
    await platform.take({ frontends: { ...frontends, [name]: addedFrontend(name) } });
    return { words: `add the front end ${name}` };
  }),

  "remove a service": edit("remove a service", fc.nat(), async (which, { platform }) => {
    const { microservices, frontends, replicas } = platform.now;
    const added = [...addedMicroservices, ...addedFrontends];
    // Of the samples one each stays.
    const name = pick(
      Object.keys(platform.services).filter((one) => added.includes(one) || one === "keeplounge"),
      which,
    );
    if (name === undefined) return undefined;
    const without = <T>(all: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(all).filter(([one]) => one !== name));
    const source = platform.services[name]?.source ?? "";
    await platform.take({
      ...(name in microservices ? { microservices: without(microservices) } : { frontends: without(frontends) }),
      replicas: without(replicas),
    });
    if (added.includes(name)) rmSync(join(platform.clone.folder, source), { recursive: true });
    return { words: `remove ${name}` };
  }),

  scale: edit(
    "scale",
    fc.record({ which: fc.nat(), count: fc.integer({ min: 1, max: 3 }) }),
    async ({ which, count }, { platform }) => {
      const name = pick(Object.keys(platform.services), which) ?? "";
      const { replicas } = platform.now;
      const old = replicas[name] ?? 1;
      const wanted = old === count ? (count % 3) + 1 : count;
      const change = { replicas: { ...replicas, [name]: wanted } };
      if (!platform.allows(change)) return undefined;
      await platform.take(change);
      return { words: `scale ${name} from ${String(old)} to ${String(wanted)}` };
    },
  ),

  variable: edit(
    "variable",
    fc.record({
      which: fc.nat(),
      name: fc.constantFrom("REVISION", "GREETING", "lower_case"),
      value: fc.option(text, { freq: 4 }),
    }),
    async ({ which, name, value }, place) => {
      const service = pick(Object.keys(place.platform.services), which) ?? "";
      let words = "";
      await entry(place, service, ({ environment = {} }) => {
        const others = Object.entries(environment).filter(([one]) => one !== name);
        const old = others.length === Object.keys(environment).length ? undefined : environment[name];
        // What is there already goes, and so does what is to be taken away.
        const fresh = old === value ? `${value}.` : value;
        if (old !== undefined && value === null) {
          words = `take ${name} from ${service}`;
          return { environment: Object.fromEntries(others) as Variables };
        }
        words = `${old === undefined ? "give" : "change"} ${service}'s ${name}: ${JSON.stringify(fresh ?? "new")}`;
        return { environment: Object.fromEntries([...others, [name, fresh ?? "new"]]) as Variables };
      });
      return { words };
    },
  ),

  "memory of a service": edit(
    "memory of a service",
    fc.record({ which: fc.nat(), more: fc.integer({ min: 1, max: 40 }) }),
    async ({ which, more }, place) => {
      const { services } = place.platform;
      const name = pick(Object.keys(services), which) ?? "";
      const memoryMib = (services[name]?.memoryMib ?? 0) + more;
      await entry(place, name, () => ({ memoryMib }));
      return { words: `give ${name} ${String(memoryMib)} MiB of memory` };
    },
  ),

  "memory of a part": edit(
    "memory of a part",
    fc.record({ which: fc.nat(), more: fc.integer({ min: 1, max: 40 }) }),
    async ({ which, more }, { platform }) => {
      const part = pick(parts, which) ?? "";
      const memoryMib = platform.numberOf(part, "memoryMib") + more;
      await platform.setNumber(part, "memoryMib", memoryMib);
      return { words: `give ${part} ${String(memoryMib)} MiB of memory` };
    },
  ),

  "check of a part": edit(
    "check of a part",
    fc.record({ part: fc.constantFrom("memcache", "loadBalancer"), more: fc.integer({ min: 1, max: 3 }) }),
    async ({ part, more }, { platform }) => {
      const retries = platform.numberOf(part, "retries") + more;
      await platform.setNumber(part, "retries", retries);
      return {
        words: `let ${part}'s check fail ${String(retries)} times`,
        away: part === "loadBalancer" ? [] : [part],
      };
    },
  ),

  "check of the front ends": edit("check of the front ends", fc.constant(0), async (_, { platform }) => {
    const path = /(frontend: \{.*checkPath: ")([^"]*)/;
    const [, , old] = path.exec(platform.read("platform/catalogue/common.ts")) ?? [];
    const wanted = old === "/" ? "/index.html" : "/";
    await platform.clone.edit("platform/catalogue/common.ts", (before) => before.replace(path, `$1${wanted}`));
    return { words: `let front ends be checked at ${wanted}` };
  }),

  "time to stop": edit(
    "time to stop",
    fc.record({
      part: fc.constantFrom("registrator", "memcache", "loadBalancer"),
      more: fc.integer({ min: 1, max: 5 }),
    }),
    async ({ part, more }, { platform }) => {
      const seconds = platform.numberOf(part, "stopSeconds") + more;
      await platform.setNumber(part, "stopSeconds", seconds);
      return { words: `give ${part} ${String(seconds)} s to stop`, away: part === "memcache" ? [part] : [] };
    },
  ),

  port: edit("port", fc.constantFrom("http", "status", "rmqManagement", "consulDns"), async (which, { platform }) => {
    const key = `mia:${which}Port`;
    // Of these, 0 is none.
    const isOptional = which !== "http" && which !== "status";
    const wanted = isOptional && platform.setting(key) !== "0" ? 0 : await freePort();
    const config = { ...platform.now.config, [key]: String(wanted) };
    if (!platform.allows({ config })) return undefined;
    await platform.take({ config });
    platform.clone.ports[which] = wanted;
    const away = which === "consulDns" ? "consul" : which === "rmqManagement" ? "rmq" : "edge";
    return { words: `${key}: ${String(wanted)}`, away: [away] };
  }),

  image: edit(
    "image",
    fc.constantFrom("lb/nginx/nginx.conf", "images/frontend/nginx.conf", "edge/nginx.conf", "memcache"),
    async (what, place) => {
      if (what !== "memcache") {
        return { words: await comment(place, what), away: what.startsWith("edge") ? ["edge"] : [] };
      }
      const { platform, engine } = place;
      const line = /("memcache": ")([^"]*)/;
      const file = "platform/catalogue/images.json";
      const [, , old = ""] = line.exec(platform.read(file)) ?? [];
      const images = platform.setting("mia:images");
      // What a vendor's next version would be.
      await engine.must("tag", `${images}${old}`, `${images}${old}.1`);
      await platform.clone.edit(file, (before) => before.replace(line, `$1${old}.1`));
      return { words: `memcache's image is ${old}.1`, away: [what] };
    },
  ),

  gems: edit("gems", fc.constantFrom("user", "catalog"), async (name, place) => {
    return { words: await comment(place, `services/rosi_${name}_service/Gemfile`) };
  }),

  "what changes nothing": edit(
    "what changes nothing",
    fc.record({ which: fc.nat(), more: fc.integer({ min: 1, max: 9 }) }),
    async ({ which, more }, place) => {
      const { services } = place.platform;
      const name = pick(Object.keys(services), which) ?? "";
      const readySeconds = (services[name]?.readySeconds ?? 0) + more;
      await entry(place, name, () => ({ readySeconds }));
      return { words: `give ${name} ${String(readySeconds)} s until it is ready` };
    },
  ),
};

function addedFrontend(name: string): FrontendEntry {
  return { source: `frontend/${name}`, product: "keep" };
}

/** Those that make much anew, or start what takes long. */
export const dear: Readonly<Record<string, fc.Arbitrary<Edit>>> = {
  "what a service uses": edit("what a service uses", fc.record({ which: fc.nat(), uses }), async (chosen, place) => {
    const { services } = place.platform;
    const name = pick(
      addedMicroservices.filter((one) => one in services),
      chosen.which,
    );
    if (name === undefined || chosen.uses.join() === services[name]?.uses.join()) return undefined;
    await entry(place, name, () => ({ uses: chosen.uses }));
    return { words: `let ${name} use ${chosen.uses.join(", ") || "nothing"}` };
  }),

  "check of the microservices": edit("check of the microservices", fc.constant(0), async (_, { platform }) => {
    const path = /(microservice: \{[^]*?checkPath: ")([^"]*)/;
    const [, , old] = path.exec(platform.read("platform/catalogue/common.ts")) ?? [];
    const wanted = old === "/health" ? "/health?whole" : "/health";
    await platform.clone.edit("platform/catalogue/common.ts", (before) => before.replace(path, `$1${wanted}`));
    return { words: `let microservices be checked at ${wanted}` };
  }),

  "port of Consul": edit("port of Consul", fc.constantFrom("consul", "consulServer"), async (which, { platform }) => {
    const port = await freePort();
    await platform.take({ config: { ...platform.now.config, [`mia:${which}Port`]: String(port) } });
    platform.clone.ports[which] = port;
    return { words: `mia:${which}Port: ${String(port)}`, away: ["consul"] };
  }),

  "check of a server": edit(
    "check of a server",
    fc.record({ part: fc.constantFrom("consul", "db", "rmq", "elastic"), more: fc.integer({ min: 1, max: 3 }) }),
    async ({ part, more }, { platform }) => {
      const retries = platform.numberOf(part, "retries") + more;
      await platform.setNumber(part, "retries", retries);
      return { words: `let ${part}'s check fail ${String(retries)} times`, away: [part] };
    },
  ),

  mode: edit("mode", fc.constant(0), async (_, { platform }) => {
    const mode = platform.setting("mia:mode") === "" ? "staging" : "";
    await platform.take({ config: { ...platform.now.config, "mia:mode": mode } });
    return { words: `mia:mode: ${JSON.stringify(mode)}` };
  }),

  delivery: edit("delivery", fc.constant(0), async (_, { platform }) => {
    const { clone } = platform;
    const kind = platform.setting("mia:kind") === "qa" ? "development" : "qa";
    await platform.take({ config: { ...platform.now.config, "mia:kind": kind } });
    // What a developer has in a protected volume is given up by hand, as the refusal of the preview says.
    const urns = (await clone.mustPulumi("stack", "--show-urns")).stdout;
    const gems = /URN: (\S*docker:index\/volume:Volume::rubygems)/.exec(urns)?.[1];
    if (kind === "qa" && gems !== undefined) await clone.mustPulumi("state", "unprotect", "--yes", gems);
    return { words: `mia:kind: ${kind}` };
  }),
};

/** One or two edits, for one `up`. */
export type Change = readonly Edit[];

/** An order of so many of these edits, some of them two at a time. */
export function changes(edits: readonly fc.Arbitrary<Edit>[], ups: number, pairs: number): fc.Arbitrary<Change[]> {
  const count = ups + pairs;
  const sizes = fc.shuffledSubarray(
    Array.from({ length: ups }, (_, i) => (i < pairs ? 2 : 1)),
    { minLength: ups },
  );
  return fc
    .shuffledSubarray([...edits], { minLength: count, maxLength: count })
    .chain((chosen) => fc.tuple(sizes, fc.tuple(...chosen)))
    .map(([lengths, all]) => {
      const left = [...all];
      return lengths.map((length) => left.splice(0, length));
    });
}
