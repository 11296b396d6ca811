// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Clone, type Ports } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { pace, type Kind, Load, slow } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { lastLine } from "./support/qa-run.ts";
import { isLong } from "./support/random.ts";

const kinds: Kind[] = [
  { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' },
  { method: "POST", path: "/user/users", body: '{"name":"New","email":"a@b.org"}', status: 201, words: '"name":"New"' },
  { method: "GET", path: "/keepwww/", status: 200, words: "<title>Keep</title>" },
];

describe("One service of a stack that runs", () => {
  const source = "services/rosi_user_service";
  let engine: OwnEngine;
  let clone: Clone;
  let ports: Ports;
  let load: Load | undefined;
  let sentInAll = 0;
  /** Versions of `user` that ran, the first one first. */
  const versions: string[] = [];

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    await clone.reduce("keeplounge", "keepwww", "user");
    ports = await clone.useFreePorts("qa");
    await clone.edit(`${source}/config/routes.rb`, (text) =>
      text.replace(
        /^end$/m,
        '  get "slow", to: ->(_) { sleep 2; [200, {}, ["slow"]] }\n  get "revision", to: ->(_) { [200, {}, ["one"]] }\nend',
      ),
    );
    await clone.mustPulumi("stack", "init", "qa");
    await clone.mustPulumi("config", "set", "--path", "mia:replicas.user", "2");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    versions.push(await version("user"));
    load = new Load(ports.http, kinds, slow, 4, pace);
  });

  after(async () => {
    await load?.stop();
    console.log(`      ${String(sentInAll)} requests`);
    clone.remove();
    await engine.clear();
  });

  const url = (path = "") => `http://127.0.0.1:${String(ports.http)}${path}`;
  const npm = (...args: string[]): Promise<Ended> => clone.run("npm", ["run", "--silent", ...args]);
  const deploy = (...args: string[]) => npm("deploy", "--", ...args);
  const rollBack = () => npm("rollback", "--", "user");
  const config = () => readFileSync(join(clone.folder, "Pulumi.qa.yaml"), "utf8");
  const isUnchanged = () => clone.mustPulumi("preview", "--expect-no-changes");

  /** The version of a service that runs, as the stack's outputs say. */
  async function version(service: string): Promise<string> {
    const { stdout } = await clone.mustPulumi("stack", "output", "--json");
    const { images } = JSON.parse(stdout) as { images: Record<string, string> };
    return images[service]?.replace(/^.*:/, "") ?? "";
  }

  async function messages(): Promise<string[]> {
    const { stdout } = await clone.mustPulumi("stack", "history", "--json");
    return (JSON.parse(stdout) as { message: string }[]).map(({ message }) => message);
  }

  async function others(service: string): Promise<string[]> {
    return (await engine.started()).filter((line) => !line.startsWith(`${service} `));
  }

  async function instances(service = "user"): Promise<string[]> {
    return (await engine.must("ps", "--all", "--quiet", "--filter", `label=mia.part=${service}`)).split("\n");
  }

  /** Edits what `user` answers. */
  const revision = (from: string, to: string) =>
    clone.edit(`${source}/config/routes.rb`, (text) => text.replace(`["${from}"]`, `["${to}"]`));

  /** What its instances answer. */
  async function answers(): Promise<string[]> {
    const all = Array.from({ length: 10 }, async () => (await fetch(url("/user/revision"))).text());
    return [...new Set(await Promise.all(all))];
  }

  /** Does it under load: no request fails, and nobody but this service is started again. */
  async function under(doing: () => Promise<Ended>, service = "user"): Promise<Ended> {
    assert.ok(load);
    const before = [await others(service), (await instances(service)).length];
    await load.seen();
    const ended = await doing();
    const { sent, failed } = await load.seen(400);
    sentInAll += sent;
    assert.deepEqual(failed, {}, `of ${String(sent)}: ${ended.output}`);
    assert.deepEqual([await others(service), (await instances(service)).length], before);
    return ended;
  }

  /** Fails with this last line, and leaves the config as it was. */
  async function refused(doing: () => Promise<Ended>, words: RegExp): Promise<Ended> {
    const before = config();
    const ended = await doing();
    assert.equal(ended.code, 1, ended.output);
    assert.match(lastLine(ended.output), words);
    assert.equal(config(), before);
    if (isLong) await isUnchanged();
    return ended;
  }

  it("is deployed alone, whatever other folders hold, and no request fails", async () => {
    await revision("one", "two");
    await clone.edit("frontend/keep_lounge/index.html", (text) => `${text}<!-- is not to go out -->\n`);
    const keeplounge = await version("keeplounge");
    const old = await instances();
    const { code, output } = await under(() => deploy("user"));
    assert.equal(code, 0, output);
    versions.push(await version("user"));
    assert.equal(lastLine(output), `✔ user of stack qa runs ${versions[1] ?? ""} (was ${versions[0] ?? ""}).`);
    assert.equal((await messages())[0], `deploy user ${versions[1] ?? ""} (was ${versions[0] ?? ""})`);
    assert.equal(await version("keeplounge"), keeplounge);
    assert.deepEqual(await answers(), ["two"]);
    assert.deepEqual(
      (await instances()).filter((id) => old.includes(id)),
      [],
    );
    assert.match(config(), new RegExp(`mia:versions:\n +keeplounge: "?${keeplounge}"?\n`));
    await isUnchanged();
    const again = await deploy("user");
    assert.equal(again.code, 0, again.output);
    assert.equal(lastLine(again.output), `✔ user of stack qa runs ${versions[1] ?? ""} already.`);
    assert.equal((await messages()).length, 2);
  });

  it("is not deployed where anything else would change", async () => {
    await clone.edit("lb/nginx/nginx.conf", (text) => `# another image\n${text}`);
    const before = config();
    const { code, output } = await deploy("user", versions[0] ?? "");
    await clone.git("checkout", "lb/nginx/nginx.conf");
    assert.equal(code, 1, output);
    assert.equal(
      lastLine(output),
      "✘ Deploying user alone would also change lb: npm run up -- --stack qa, and then again.",
    );
    assert.equal(config(), before);
  });

  it("is rolled back by a clone that knows of no deployment but by the stack's history, until that tells of no more", async () => {
    await clone.mustPulumi("config", "rm", "mia:versions");
    const { code, output } = await under(rollBack);
    assert.equal(code, 0, output);
    assert.equal(lastLine(output), `✔ user of stack qa runs ${versions[0] ?? ""} (was ${versions[1] ?? ""}).`);
    assert.equal((await messages())[0], `roll user back to ${versions[0] ?? ""} (was ${versions[1] ?? ""})`);
    assert.deepEqual(await answers(), ["one"]);
    await isUnchanged();
    await refused(
      rollBack,
      /^✘ Stack qa runs user [0-9a-f]{12}, and its history tells of no version before: npm run deploy -- user VERSION --stack qa$/,
    );
  });

  it("stays as it is where the version can't be had", async () => {
    await refused(
      () => deploy("user", "000000000000"),
      /^✘ mia-user:000000000000 is not on the engine, there is no registry to take it from, and services\/rosi_user_service\/ holds another version: deploy another, or `pulumi config rm --path mia:versions\.user`\.$/,
    );
    await clone.edit(`${source}/Dockerfile`, (text) => `${text}RUN exit 7\n`);
    await refused(
      () => deploy("user"),
      /^✘ Deploying user failed \(services\/rosi_user_service\/ could not be built \(.*code: 7\)\): it runs [0-9a-f]{12}, as before, and not [0-9a-f]{12}\.$/,
    );
    await clone.git("checkout", `${source}/Dockerfile`);
    await isUnchanged();
  });

  it("serves on as the old one where the new one never gets healthy, which is taken back", async () => {
    rmSync(join(clone.folder, "frontend/keep_www/index.html"));
    await under(
      () =>
        refused(
          () => deploy("keepwww"),
          /^✘ Deploying keepwww failed \(keepwww runs, but was not in the load balancer within 30 s \(Consul: critical .*\): it runs [0-9a-f]{12}, as before, and not [0-9a-f]{12}\.$/,
        ),
      "keepwww",
    );
    await clone.git("checkout", "frontend/keep_www/index.html");
    assert.match((await messages())[0] ?? "", /^take back: deploy keepwww /);
    await isUnchanged();
  });

  it("is refused what it can't be told, in one sentence", async () => {
    for (const [args, words] of [
      [["order"], "✘ Stack qa runs no service order, only keeplounge, keepwww, user."],
      [
        ["user", "latest"],
        '✘ VERSION: got "latest", need an image\'s tag, 12 digits of 0-9 and a-f, such as 25833409863c.',
      ],
      [["user", "--stack", "pr-9"], "✘ Nothing of stack pr-9 runs: npm run up -- --stack pr-9"],
      [[], "✘ Usage: npm run deploy -- SERVICE [VERSION] [--stack NAME]"],
    ] as const) {
      const { code, output } = await deploy(...args);
      assert.equal(code, 1, output);
      assert.equal(lastLine(output), words);
    }
  });

  it("follows its folder again once the config names no version", async () => {
    await clone.mustPulumi("config", "rm", "mia:versions");
    const { stdout } = await clone.mustPulumi("preview", "--json");
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const replaced = steps.filter(({ op }) => op === "replace").map(({ urn }) => urn.replace(/^.*::/, ""));
    assert.deepEqual(replaced.sort(), ["keeplounge", "user", "user-2"]);
  });
});
