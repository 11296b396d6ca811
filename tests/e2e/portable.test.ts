// Requires: pulumi, engine, shared-platform.

import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { createUser } from "../../acceptance/flow.ts";
import { Clone } from "./support/clone.ts";
import { pace, type Kind, Load } from "./support/load.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { SharedPlatform } from "./support/shared-platform.ts";

/** What qa runs. */
const services = ["keepwww", "user"];

/** The outputs of a stack that are of use here. */
interface Urls {
  readonly lbUrl: string;
  readonly consulUrl: string;
}

describe("QA on the engine of dev", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  /** Where the stacks of qa are brought up: with the services that are asked here. */
  let clone: Clone;
  let dev: Urls;
  let qa: Urls;

  before(async () => {
    platform = await SharedPlatform.get();
    ({ engine } = platform);
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.reduce(...services);
    await clone.mustPulumi("stack", "init", "qa", "--no-select");
    const free = { "mia:httpPort": "0", "mia:statusPort": "0", "mia:consulPort": "0" };
    await clone.configure("qa", { ...free, "mia:mode": "staging" });
    [dev, qa] = [await urls("dev"), await up("qa")];
  });

  after(async () => {
    for (const stack of ["qa", "pr-42"]) await clone.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
    clone.remove();
    await platform.restore();
  });

  const cloneOf = (stack: string) => (stack === "dev" ? platform.clone : clone);
  const unchanged = (stack: string) => cloneOf(stack).mustPulumi("preview", "--expect-no-changes", "--stack", stack);

  async function up(stack: string): Promise<Urls> {
    await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", stack);
    return urls(stack);
  }

  async function urls(stack: string): Promise<Urls> {
    const { stdout } = await cloneOf(stack).mustPulumi("stack", "output", "--json", "--stack", stack);
    return JSON.parse(stdout) as Urls;
  }

  /** The fixed ports that a platform's containers ask for. */
  async function published(platform: string): Promise<string[]> {
    const ids = await engine.must("ps", "--quiet", "--filter", `label=mia.platform=${platform}`);
    const format = "{{range $port, $at := .HostConfig.PortBindings}}{{range $at}}{{.HostPort}} {{end}}{{end}}";
    return (await engine.must("inspect", "--format", format, ...ids.split("\n")))
      .split(/\s+/)
      .sort()
      .filter((port) => port !== "");
  }

  it("has everything baked, where dev has code mounted; after both nothing is to be changed", async () => {
    const mounts = async (part: string) => {
      const said = await engine.must("inspect", "--format", "{{range .Mounts}}{{.Destination}} {{end}}", part);
      return said.split(" ").sort(); // the engine says them in any order
    };
    assert.deepEqual(await mounts(await engine.container("user")), ["/web/rubygems", "/web/service"]);
    assert.deepEqual(await mounts(await engine.container("user", "mia-qa")), [""]);
    for (const stack of ["dev", "qa"]) await unchanged(stack);
  });

  it("never answers for dev, whose services have the same names, nor the other way round", async () => {
    const sides = await Promise.all(
      [
        { url: dev.lbUrl, name: "here" },
        { url: qa.lbUrl, name: "there" },
      ].map(async ({ url, name }) => {
        const { id } = await createUser(url, name);
        return { url: `${url}/user/users/${String(id)}`, name };
      }),
    );
    const wrong: string[] = [];
    const ask = async ({ url, name }: { url: string; name: string }) => {
      for (let i = 0; i < 250; i++) {
        const response = await fetch(url);
        const text = await response.text();
        if (response.status !== 200 || !text.includes(`"name":"${name}"`)) wrong.push(`${name}: ${text}`);
      }
    };
    await Promise.all([...sides, ...sides, ...sides, ...sides].map(ask));
    assert.deepEqual(wrong, []);
    const instances = (await (await fetch(`${dev.consulUrl}/v1/catalog/service/user`)).json()) as unknown[];
    assert.equal(instances.length, 2, "each Consul knows both stacks' instances");
  });

  it("runs twice beside dev on one engine, without a port of the three's in common, and one's end is nothing to the others", async () => {
    await clone.mustPulumi("stack", "init", "pr-42", "--no-select", "--copy-config-from", "qa");
    // One front end is enough, without user: its platform publishes the same ports as a whole one.
    await clone.mustPulumi("config", "rm", "--stack", "pr-42", "--path", "mia:services[1]");
    const pr = await up("pr-42");
    const ports = (await Promise.all(["mia-qa", "mia-pr-42", "mia-dev"].map(published))).flat();
    assert.equal(ports.length, 3 + 3 + 6);
    assert.equal(new Set(ports).size, ports.length, ports.join(" "));

    const asked: Kind = { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' };
    const kinds: Kind[] = [
      asked,
      {
        method: "POST",
        path: "/user/users",
        body: '{"name":"","email":"a@b.org"}',
        status: 422,
        words: "can't be blank",
      },
      { method: "GET", path: "/keepwww/", status: 200, words: "<title>Keep</title>" },
    ];
    const loads = [dev, qa].map(({ lbUrl }) => new Load(Number(new URL(lbUrl).port), kinds, asked, 4, pace));
    try {
      await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "pr-42");
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    for (const load of loads) {
      const { sent, failed } = await load.seen();
      assert.ok(sent > 100, String(sent));
      assert.deepEqual(failed, {}, `of ${String(sent)}`);
      console.log(`      one of three destroyed: 0 failed of ${String(sent)}`);
    }
    assert.deepEqual(
      (await engine.remains()).filter((name) => name.includes("mia-pr-42")),
      [],
    );
    for (const stack of ["qa", "dev"]) await unchanged(stack);
    assert.notEqual(qa.lbUrl, pr.lbUrl);
    const variables = await engine.must("exec", await engine.container("user", "mia-qa"), "printenv", "RAILS_ENV");
    assert.equal(variables, "staging");
  });

  it("is the same from another clone in another folder, of another user with another umask", async () => {
    const exported = (await clone.mustPulumi("stack", "export", "--stack", "qa")).stdout;
    const { deployment } = JSON.parse(exported) as { deployment: { resources: { inputs?: unknown }[] } };
    const inputs = deployment.resources.map((resource) => JSON.stringify(resource.inputs ?? {}));
    assert.deepEqual(
      inputs.filter((text) => text.includes(clone.home)),
      [],
    );

    const before = process.umask(0o077);
    const other = await Clone.make({ dockerHost: engine.host }).finally(() => process.umask(before));
    try {
      await other.reduce(...services);
      assert.equal(statSync(join(other.folder, "lb/Dockerfile")).mode & 0o777, 0o600);
      await clone.run("cp", ["Pulumi.qa.yaml", other.folder]);
      await other.giveTo("nobody", clone);
      chmodSync(engine.folder, 0o711);
      chmodSync(join(engine.folder, "docker.sock"), 0o666);
      const preview = await other.as("nobody", "pulumi", ["preview", "--expect-no-changes", "--stack", "qa"]);
      assert.equal(preview.code, 0, preview.output);
      const who = await other.as("nobody", "id", ["-un"]);
      assert.equal(who.stdout.trim(), "nobody");
    } finally {
      other.remove();
    }
  });

  it("keeps the ports that were chosen for it, also while they are looked for anew", async () => {
    const ports = await published("mia-qa");
    await clone.mustPulumi("refresh", "--yes", "--skip-preview", "--stack", "qa");
    await clone.edit("edge/nginx.conf", (text) => `# another image\n${text}`);
    await up("qa");
    assert.deepEqual(await published("mia-qa"), ports);
  });
});
