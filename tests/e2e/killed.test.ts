import assert from "node:assert/strict";
import { Clone } from "./support/clone.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { parts, withoutSuffix } from "./support/parts.ts";

/** An `up` that was killed with all its processes leaves a lock, as Pulumi says; what else it leaves is for the next. */
describe("After an `up` that was killed", function () {
  this.timeout(600_000);
  let engine: OwnEngine;
  let clone: Clone;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.mustPulumi("stack", "select", "dev", "--create");
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  afterEach(async () => {
    const down = await clone.run("node", ["toolchain/mia.mjs", "down", "--volumes", "--yes"]);
    assert.equal(down.code, 0, down.output);
    assert.deepEqual(await engine.remains(), []);
  });

  /** Answers with what the next `up` said. */
  async function converges(): Promise<string> {
    const locked = await clone.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(locked.code, 0);
    assert.match(locked.output, /the stack is currently locked by 1 lock\(s\)[^]*pulumi cancel/);
    await clone.mustPulumi("cancel", "--yes");
    const { output } = await clone.mustPulumi("up", "--yes", "--skip-preview");
    await clone.mustPulumi("preview", "--expect-no-changes");
    const response = await fetch(clone.url("http", "/user/health"));
    assert.equal(response.status, 200);
    assert.deepEqual(
      (await engine.remains())
        .filter((what) => !/^volume [0-9a-f]{64}$/.test(what))
        .map(withoutSuffix)
        .sort(),
      parts
        .map((part) => `container mia-dev-${part}`)
        .concat("network mia-dev")
        .concat(["consul-data", "data", "lb-run", "rubygems"].map((volume) => `volume mia-dev-${volume}`)),
    );
    return output;
  }

  it("while images are pulled, the next converges", async () => {
    const images = (await engine.docker("images", "--quiet")).stdout.split("\n").filter((id) => id !== "");
    await engine.docker("rmi", "--force", ...images);
    await clone.killUp((output) => output.includes("RemoteImage db creating"));
    await converges();
  });

  it("while containers are created, the next removes what is unknown to the state, and converges", async () => {
    await clone.killUp(async () => (await engine.remains()).some((what) => what.startsWith("container")));
    // One with a fixed name before its place is taken, one without after the gate.
    assert.match(
      await converges(),
      /removed the container mia-dev-\w+, which an `up` that was killed had left|mia-dev-[\w-]+ is not needed any more/,
    );
  });

  it("in the gate, the next converges", async () => {
    await clone.killUp((output) => output.includes("not in the load balancer yet"));
    assert.doesNotMatch(await converges(), /had left/);
  });
});
