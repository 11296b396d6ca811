// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { Clone } from "../e2e/support/clone.ts";
import { eventually } from "../e2e/support/command.ts";
import { OwnEngine } from "../e2e/support/own-engine.ts";
import { services } from "../e2e/support/parts.ts";
import { Registrations } from "../e2e/support/registrations.ts";
import { within } from "../support/limits.ts";

describe("The load balancer at scale", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let consul: Registrations;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    consul = new Registrations(engine, clone);
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  it("routes 300 services of long names, and 150 instances of one", async () => {
    const names = Array.from({ length: 300 }, (_, i) => `${"long-".repeat(10)}${String(i).padStart(3, "0")}`);
    const ids = Array.from({ length: 150 }, (_, i) => `many-${String(i)}`);
    for (const name of names) await consul.register(name, "mia-dev");
    for (const id of ids) await consul.register("many", "mia-dev", { ID: id });
    const all = [...names, ...ids].sort();
    assert.deepEqual(
      (
        await eventually(
          within.hundreds,
          () => consul.registered(),
          (now) => now.length === all.length,
        )
      ).sort(),
      all,
    );
    for (const name of ["many", names[299] ?? ""]) {
      await eventually(
        within.reload,
        () => fetch(clone.url("http", `/${name}/health`)),
        ({ status }) => status === 200,
      );
    }
    const { services: named } = (await (await fetch(clone.url("http", "/nobody"))).json()) as { services: string[] };
    assert.deepEqual(named, [...services, "many", ...names].sort());
    for (const id of all) await consul.deregister(id);
    await eventually(
      within.hundreds,
      () => consul.registered(),
      (now) => now.length === 0,
    );
  });
});
