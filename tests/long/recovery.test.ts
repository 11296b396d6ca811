// Requires: pulumi, engine.

import { createUser } from "../../acceptance/flow.ts";
import { Clone } from "../e2e/support/clone.ts";
import { OwnEngine } from "../e2e/support/own-engine.ts";
import { parts } from "../e2e/support/parts.ts";
import { recoversFromKill } from "../e2e/support/recovery.ts";

describe("Each part of the platform", () => {
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    await createUser(clone.url("http", ""), "first");
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  for (const part of parts) {
    it(`${part} is back and passing within 30 s of its main process being killed`, () =>
      recoversFromKill(engine, clone, part));
  }
});
