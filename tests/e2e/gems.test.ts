// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import type { Clone } from "./support/clone.ts";
import { buildGem, GemServer } from "./support/gem-server.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { SharedPlatform } from "./support/shared-platform.ts";

describe("Shared gems", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;
  let gems: GemServer;
  const servers: GemServer[] = [];

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
    gems = await GemServer.start(engine.address, "mia_greeting", "1.0.0", await buildGem(engine, clone.home));
    servers.push(gems);
    // As behind a company's mirror: what the image has not comes from there.
    const mirror = `environment: { BUNDLE_MIRROR__ALL: "${gems.url}" }, uses: everything`;
    await clone.edit("platform/catalogue/microservices.ts", (text) => text.replaceAll("uses: everything", mirror));
    await clone.mustPulumi("up", "--yes", "--skip-preview");
  });

  after(async () => {
    for (const server of servers) server.stop();
    await platform.restore();
  });

  const must = async (...args: string[]) => engine.must(...args);

  async function addTo(service: "user" | "catalog"): Promise<void> {
    await clone.edit(`services/rosi_${service}_service/Gemfile`, (text) => `${text}gem "mia_greeting"\n`);
    const preview = await clone.mustPulumi("preview", "--diff");
    assert.match(preview.output, /\+-1 to replace/);
    assert.match(preview.output, new RegExp(`docker:index/container:Container: \\(replace\\)[^]*::${service}\\]`));
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    const use = ["bundle", "exec", "ruby", "-e", "require 'mia_greeting'; print MiaGreeting::WORDS"];
    assert.equal(await must("exec", await engine.container(service), ...use), "hello from a gem");
  }

  // Docker would copy it into the empty volume for each container that is created; of two at once, one can fail.
  it("are not begun by anything of the image at the volume's place, but for whom it lets write there", async () => {
    const image = await must("inspect", "--format", "{{.Config.Image}}", await engine.container("user"));
    assert.equal(
      await must("run", "--rm", image, "sh", "-c", "ls -A /web/rubygems && stat -c %a /web/rubygems"),
      "1777",
    );
  });

  it("are installed once into the volume: what user has added, catalog has without a download", async () => {
    await addTo("user");
    assert.deepEqual(gems.downloads, ["/gems/mia_greeting-1.0.0.gem"]);
    const where = await must("exec", await engine.container("catalog"), "gem", "contents", "mia_greeting");
    assert.match(where, /^\/web\/rubygems\/3\.3\.8\/gems\/mia_greeting-1\.0\.0\//);
    await addTo("catalog");
    assert.deepEqual(gems.downloads, ["/gems/mia_greeting-1.0.0.gem"]);
    // The lock that bundler has written belongs to the developer: it changes nothing that runs.
    assert.match(await clone.status(), /^ M services\/rosi_user_service\/Gemfile\.lock$/m);
    await clone.mustPulumi("preview", "--expect-no-changes");
  });
});
