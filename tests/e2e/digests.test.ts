// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { freePort } from "./support/ports.ts";
import { within } from "../support/limits.ts";

const upstream = process.env["MIA_IMAGES"] ?? "";
const [part, base] = ["registry:2.8.3", "nginx:1.28.0"];

/** A registry whose tags are moved, as somebody else's may be at any time. */
describe("Images that are pinned by digest (`npm run versions -- --pin`)", () => {
  let engine: OwnEngine;
  let clone: Clone;
  /** What goes before the images' names. */
  let images: string;

  const registry = (...args: string[]) => clone.mustPulumi("-C", "registry", ...args);
  const versions = async (...args: string[]) => {
    const words = ["run", "--silent", "versions", "--", "--images", images, ...args];
    const { code, output, stdout } = await clone.run("npm", words);
    assert.equal(code, 0, output);
    return stdout;
  };
  const running = () => engine.must("inspect", "--format", "{{.Config.Image}}", "mia-registry-shared-registry");

  /** Gives a tag another image, which can be told by its label. */
  async function move(image: string): Promise<void> {
    const id = await engine.must("create", "--label", "moved=yes", `${upstream}${image}`);
    await engine.must("commit", id, `${images}${image}`);
    await engine.must("rm", id);
    await engine.must("push", `${images}${image}`);
    await engine.must("rmi", `${images}${image}`);
  }

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    const address = `127.0.0.1:${String(await freePort())}`;
    images = `${address}/mirror/`;
    await engine.must("run", "--detach", "--name", "mirror", "--publish", `${address}:5000`, `${upstream}${part}`);
    await eventually(
      within.recovery,
      () =>
        fetch(`http://${address}/v2/`)
          .then(({ ok }) => ok)
          .catch(() => false),
      Boolean,
    );
    for (const image of [part, base]) {
      await engine.must("pull", `${upstream}${image}`);
      await engine.must("tag", `${upstream}${image}`, `${images}${image}`);
      await engine.must("push", `${images}${image}`);
      await engine.must("rmi", `${images}${image}`);
    }
    await registry("stack", "init", "shared");
    await registry("config", "set", "mia-registry:port", String(await freePort()));
    await registry("config", "set", "mia-registry:images", images);
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  let digest: string | undefined;

  it("are those that the registry has an answer for, and run by it, with nothing to be changed afterwards", async () => {
    const said = await versions("--pin");
    digest = new RegExp(`^${images}${part}@(sha256:[0-9a-f]{64})$`, "m").exec(said)?.[1];
    assert.ok(digest !== undefined, said);
    assert.match(said, new RegExp(`^${images}mysql:\\S+ \\(no answer\\)$`, "m"));
    await registry("up", "--yes", "--skip-preview");
    assert.equal(await running(), `${images}${part}@${digest}`);
    await registry("preview", "--expect-no-changes");
    await registry("refresh", "--yes", "--skip-preview");
    await registry("preview", "--expect-no-changes");
  });

  it("stay as they are where a tag is moved, which is told; pinned anew, the preview says what is replaced", async () => {
    await move(part);
    assert.match(await versions(), new RegExp(`^image +registry .*moved, from ${String(digest)}, to sha256:`, "m"));
    await registry("up", "--yes", "--skip-preview", "--expect-no-changes");
    await versions("--pin");
    const preview = await clone.pulumi("-C", "registry", "preview", "--diff", "--expect-no-changes");
    assert.notEqual(preview.code, 0);
    assert.match(preview.output, /\+-docker:index\/container:Container: \(replace/);
    assert.ok(preview.output.includes(String(digest)), preview.output);
    await registry("up", "--yes", "--skip-preview");
    assert.equal(
      await engine.must("inspect", "--format", "{{.Config.Labels.moved}}", "mia-registry-shared-registry"),
      "yes",
    );
    await registry("preview", "--expect-no-changes");
  });

  it("are what images of our own are made of, each with a name that follows from it", async () => {
    const script = `
      import { deliver } from "./delivery/builder.ts";
      import { ownImages } from "./delivery/own-images.ts";
      const stack = { delivery: "mounted", images: ${JSON.stringify(images)}, ownImages: "mia-", versions: {} };
      const edge = ownImages(stack, {}, "linux/x86_64").filter(({ part }) => part === "edge");
      const listener = { begins() {}, says() {}, ends() {} };
      await deliver(edge, { engine: process.env, registry: undefined }, listener);
      console.log(edge[0].name);
    `;
    const build = async () => {
      const { code, output, stdout } = await clone.run("node", ["--input-type=module", "--eval", script]);
      assert.equal(code, 0, output);
      const name = stdout.trim();
      return { name, moved: await engine.must("inspect", "--format", "{{.Config.Labels.moved}}", name) };
    };
    await move(base);
    const pinned = await build();
    assert.equal(pinned.moved, "<no value>");
    await versions("--pin");
    const anew = await build();
    assert.equal(anew.moved, "yes");
    assert.notEqual(anew.name, pinned.name);
  });
});
