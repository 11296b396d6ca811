// Requires: pulumi, engine.

import * as fc from "fast-check";
import assert from "node:assert/strict";
import { parts, services } from "./support/parts.ts";
import { Clone } from "./support/clone.ts";
import { Edited } from "./support/edited.ts";
import { type Change, changes, cheap, dear, type Made } from "./support/edits.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { pace, type Kind, Load } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { seed } from "./support/random.ts";
import { type Running, running, unlikeGolden } from "./support/running.ts";
import { lies, previewed, type Step, type Steps, taken } from "./support/steps.ts";

const long = Boolean(process.env["MIA_LONG"]);
const minutes = Number(process.env["MIA_MINUTES"] ?? 60);
const decided = seed(112258662);
/** How many requests each `up` is to meet at least. */
const requests = 40;

/** What each sample answers; a service that was added says its name. */
const samples: Readonly<Record<string, Kind>> = {
  user: { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' },
  catalog: { method: "GET", path: "/catalog/search?q=nobody", status: 200, words: '"results":[]' },
};

describe("A preview", function () {
  if (long) this.timeout((minutes + 30) * 60_000);
  let engine: OwnEngine;
  let clone: Clone;
  let platform: Edited;
  /** The last steps that were previewed and taken. */
  let last: { said: Steps; done: Steps; containers: readonly Running[] } | undefined;
  const kinds = new Map<string, number>();
  const count = { ups: 0, steps: 0, reasons: 0, inputs: 0, compared: 0, sent: 0, failed: 0 };

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    platform = new Edited(clone);
    await clone.mustPulumi("stack", "select", "dev", "--create");
    // The golden text knows no variable of this machine.
    const images = clone.env["MIA_IMAGES"];
    if (images !== undefined) await clone.mustPulumi("config", "set", "mia:images", images);
    await clone.mustPulumi("up", "--yes", "--skip-preview");
  });

  after(async () => {
    figuresOfLongRun("honest-preview", [
      ["what", "how many"],
      ...[...kinds].sort().map(([kind, often]) => [`edits: ${kind}`, often]),
      ["`up`s with one edit or two", count.ups],
      ["steps previewed and taken", count.steps],
      ["properties that were their reasons", count.reasons],
      ["inputs of what was made or changed", count.inputs],
      ["containers compared with the golden text", count.compared],
      ["requests meanwhile to services that stay", `${String(count.failed)} failed of ${String(count.sent)}`],
    ]);
    clone.remove();
    await engine.clear();
  });

  /** Requests to services that were there before and still are, and use nothing that is away meanwhile. */
  function loadOn(before: Edited["services"], away: readonly string[]): Load | undefined {
    const stay = Object.entries(platform.services).filter(([name, { uses }]) => {
      if (!(name in before) || away.includes("edge") || away.includes("consul")) return false;
      return ![...uses, ...(before[name]?.uses ?? [])].some((part) => away.includes(part));
    });
    const asked = stay.map(([name, { role }]): Kind => {
      const words = role === "frontend" ? "<title>" : `"service":"${name}"`;
      return samples[name] ?? { method: "GET", path: `/${name}/`, status: 200, words };
    });
    return asked.length === 0 ? undefined : new Load(clone.ports.http, asked, undefined, 2, pace);
  }

  async function up(load: Load | undefined): Promise<Steps> {
    try {
      const done = await taken(clone);
      if (load === undefined) return done;
      const { sent, failed, failures } = await load.seen(requests);
      count.sent += sent;
      count.failed += failures;
      assert.deepEqual(failed, {}, `of ${String(sent)} requests`);
      return done;
    } finally {
      await load?.stop();
    }
  }

  /** Makes edits; says what is away because of them. */
  async function make(change: Change): Promise<Made[]> {
    const all: Made[] = [];
    for (const edit of change) {
      const made = await edit.make({ platform, engine });
      if (made === undefined) continue;
      all.push(made);
      kinds.set(edit.kind, (kinds.get(edit.kind) ?? 0) + 1);
    }
    return all;
  }

  /** Who was started when, of those that are neither made nor replaced by these steps. */
  function undisturbed(containers: readonly Running[], { of }: Steps): string[] {
    const moved = [...of].filter(([, { operations }]) => !operations.every((operation) => operation === "update"));
    const names = moved.filter(([urn]) => urn.includes("Container::")).map(([urn]) => urn.split("::").at(-1));
    return containers
      .filter(({ resource }) => !names.includes(resource))
      .map(({ resource, Id, State }) => `${resource} ${Id} ${State.StartedAt}`)
      .sort();
  }

  async function isHonest(change: Change): Promise<void> {
    const before = [platform.services, await running(clone, engine)] as const;
    const made = await make(change);
    if (made.length === 0) return;
    console.log(`      ${change.join(", and ")}`);
    const said = await previewed(clone);
    const done = await up(
      loadOn(
        before[0],
        made.flatMap(({ away = [] }) => away),
      ),
    );
    assert.deepEqual(lies(said, done), []);
    const containers = await running(clone, engine);
    assert.deepEqual(undisturbed(containers, said), undisturbed(before[1], said));
    const [unlike] = await Promise.all([
      unlikeGolden(clone, engine, containers),
      clone.mustPulumi("preview", "--expect-no-changes"),
    ]);
    assert.deepEqual(unlike, []);
    count.ups++;
    for (const { operations, reasons, inputs } of done.of.values()) {
      count.steps += operations.length;
      count.reasons += reasons.length;
      count.inputs += Object.keys(inputs).length;
    }
    count.compared += containers.length;
    if (done.of.size > 0) last = { said, done, containers };
  }

  it("is what the first `up` left: nothing to do, and the golden text's containers", async () => {
    const containers = await running(clone, engine);
    assert.deepEqual(containers.map(({ resource }) => resource).sort(), parts);
    assert.deepEqual(Object.keys(platform.services).sort(), services);
    assert.deepEqual(await unlikeGolden(clone, engine, containers), []);
    await clone.mustPulumi("preview", "--expect-no-changes");
  });

  it("says what the `up` does after random edits, and nothing else happens to anybody", async () => {
    console.log(`      MIA_SEED=${String(decided)}`);
    const deadline = long ? Date.now() + minutes * 60_000 : Infinity;
    const all = { ...cheap, ...dear };
    const rounds = long ? changes(Object.values(all), 15, 5) : changes(Object.values(cheap), 3, 2);
    const property = fc.asyncProperty(rounds, async (round) => {
      for (const change of round) {
        // Ends the rounds: not in the middle of an `up`.
        if (Date.now() > deadline) throw new fc.PreconditionFailure(true);
        await isHonest(change);
      }
    });
    // A round begins with what the last one left: the seed repeats all of them, and none can be made smaller.
    await fc.assert(property, { seed: decided, numRuns: long ? 10_000 : 1, endOnFailure: true });
    assert.ok(count.steps > 0 && count.reasons > 0 && count.inputs > count.steps);
  });

  it("that was doctored is found out", () => {
    assert.ok(last);
    const { said, done } = last;
    const [[urn, step] = ["", undefined]] = said.of;
    assert.ok(step);
    const doctored = (change: Partial<Step>): Steps => ({
      ...said,
      of: new Map([...said.of, [urn, { ...step, ...change }]]),
    });
    assert.deepEqual(lies(said, done), []);
    const without = { ...said, of: new Map([...said.of].filter(([other]) => other !== urn)) };
    for (const lie of [
      without,
      { ...said, of: new Map([...said.of, [`${urn}-2`, step]]) },
      doctored({ operations: ["read"] }),
      doctored({ reasons: ["another"] }),
      doctored({ inputs: { ...step.inputs, another: 1 } }),
      { ...said, outputs: { ...said.outputs, replicas: 0 } },
    ]) {
      assert.equal(lies(lie, done).length, 1);
    }
  });

  it("cannot hide a container that is not as the golden text says", async () => {
    assert.ok(last);
    const [first, ...rest] = last.containers;
    assert.ok(first);
    const other = { ...first, Config: { ...first.Config, Env: [...first.Config.Env, "ANOTHER=1"] } };
    const unlike = await unlikeGolden(clone, engine, [other, ...rest]);
    assert.deepEqual(unlike, [`${first.resource}: envs is ["\\"ANOTHER=1\\""], and [] in the golden text`]);
  });
});
