// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Clone } from "./support/clone.ts";
import { succeed } from "./support/command.ts";
import { figures } from "./support/figures.ts";
import { found, foundBelow, type Needles, secretsOf } from "./support/needles.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { PrivateRegistry } from "./support/private-registry.ts";
import { ProcessWatch } from "./support/process-watch.ts";
import { commandSeconds } from "../support/limits.ts";

/** Where a secret could be, and which of those that are searched for are there. */
type Search = (needles: Needles) => Promise<string[]> | string[];

/** Who has to have which of the generated secrets, in files: part, and how its secrets' resources are called. */
const holders: Readonly<Record<string, RegExp>> = {
  db: /^db(-root)?\./,
  rmq: /^(rmq(-administrator)?\.|mia-qa\.rmqPassword$)/,
  user: /^user(-db|-rmq)?\./,
  catalog: /^catalog(-db|-rmq)?\./,
  registry: /^registry\.(bcryptHash|privateKeyPem|uploads.*)$/,
};

/** Written where somebody debugs Pulumi's commands, and by nothing of ours: Pulumi decrypts what it writes there. */
const debugLog = "Pulumi's own log of events, for debugging";

/** What stands for a secret: put wherever one could get by mistake, it has to be found there. */
const planted = `planted${randomBytes(12).toString("hex")}`;

describe("Secrets", () => {
  let engine: OwnEngine;
  let clone: Clone;
  const places = new Map<string, Search>();
  const needles = new Map<string, string>([["planted", planted]]);

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    clone.env["PULUMI_CONFIG_PASSPHRASE"] = randomBytes(12).toString("hex");
    const pulumi = async (...args: string[]) => (await clone.mustPulumi(...args)).output;
    await pulumi("stack", "select", "qa", "--create");
    const registry = await PrivateRegistry.start(clone);
    await registry.use(clone, "qa");
    await plant(clone);

    clone.env["PLANTED"] = planted;
    const watch = ProcessWatch.start();
    const words = ["up", "--yes", "--skip-preview", "--diff", "--event-log", join(clone.home, "events")];
    // By which alone it has that log of events.
    const up = await clone.run("pulumi", words, { PULUMI_DEBUG_COMMANDS: "true" }, commandSeconds.up);
    assert.equal(up.code, 0, up.output);
    // As who gives a command a secret as an argument.
    await succeed("sh", ["-c", "sleep 1", planted], { cwd: "/", env: process.env });
    await pulumi("refresh", "--yes", "--skip-preview");
    await watch.stop();
    await clone.edit("platform/catalogue/microservices.ts", (text) => text.replace(planted, `${planted}-2`));
    const [diff, json, review] = [
      await pulumi("preview", "--diff", "--show-sames", "--save-plan", join(clone.home, "plan")),
      await pulumi("preview", "--json"),
      await clone.run("npm", ["run", "--silent", "review", "--", "--base", "HEAD", "--output", ".mia/review"]),
    ];
    assert.equal(review.code, 0, review.output);
    const exported = await pulumi("stack", "export");
    const outputs = await pulumi("stack", "output", "--json");
    const of = async (...args: string[]) =>
      secretsOf((await clone.mustPulumi("stack", "export", "--show-secrets", ...args)).stdout);
    for (const [name, value] of [...(await of("--stack", "qa")), ...(await of("-C", "registry"))])
      if (![registry.password, registry.address].includes(value)) needles.set(name, value);
    needles.set("mia:registry.password", registry.password);
    needles.set("the passphrase", clone.env["PULUMI_CONFIG_PASSPHRASE"] ?? "");

    const text = (where: string, words: string) => places.set(where, (wanted) => found(wanted, words));
    const below = (where: string, ...folders: string[]) => places.set(where, (wanted) => foundBelow(wanted, folders));
    below("the state's files", join(clone.home, "state"));
    text("`pulumi stack export`", exported);
    text("`pulumi stack output --json`", outputs);
    text("`pulumi up --diff`", up.output);
    text(debugLog, readFileSync(join(clone.home, "events"), "utf8"));
    text("`pulumi preview --diff`", diff);
    text("`pulumi preview --json`", json);
    text("the plan", readFileSync(join(clone.home, "plan"), "utf8"));
    below("`npm run review`'s artifacts", join(clone.folder, ".mia/review"));
    below("the clone", ...entries(clone.folder).filter((entry) => !/\/(node_modules|\.git)$/.test(entry)));
    text("command lines", watch.commandLines());
    text("processes' environments", watch.environmentsOf(clone.home, true));
    text("the user's own commands' environments", watch.environmentsOf(clone.home, false));

    const containers = (await engine.must("ps", "--all", "--format", "{{.Names}}")).split("\n");
    const into = async (part: string, file: string) =>
      engine.must("exec", await engine.container(part, "mia-qa"), "sh", "-c", `echo ${planted} > ${file}`);
    await into("user", "/proc/1/fd/1");
    await into("user", "/tmp/planted");
    await into("lb", "/run/lb/planted");
    const logs = await Promise.all(containers.map(async (name) => (await engine.docker("logs", name)).output));
    text("containers' logs", logs.join("\n"));
    text("`docker inspect` of containers", await engine.must("inspect", ...containers));
    const layers = new Set<string>();
    for (const name of containers) {
      const format = '{{index .Config.Labels "mia.part"}} {{.State.Pid}}';
      const [part = "", pid = ""] = (await engine.must("inspect", "--format", format, name)).split(" ");
      const { written, image } = rootFolders(pid);
      below(`files of ${part}`, written);
      for (const layer of image) layers.add(layer);
    }
    const images = (
      await engine.must(
        "images",
        "--no-trunc",
        "--quiet",
        "--filter",
        "reference=mia-*",
        "--filter",
        "reference=*/mia-*",
      )
    ).split("\n");
    const ours = [...new Set([...images, ...(await idsIn(engine, containers))])];
    const histories = await Promise.all(ours.map((id) => engine.must("history", "--no-trunc", id)));
    text("images' history", histories.join("\n"));
    text("`docker inspect` of images", await engine.must("inspect", ...ours));
    below("images' layers", ...layers);
    below("volumes", join(engine.folder, "data/volumes"));
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  const seen = new Map<string, string[]>();

  it("are searched for where they could be: a planted one is found in each of these places", async () => {
    for (const [where, search] of places) seen.set(where, await search(needles));
    const blind = [...seen].filter(([, names]) => !names.includes("planted")).map(([where]) => where);
    assert.deepEqual(
      blind.filter((where) => !/^files of (?!user$)/.test(where)),
      [],
    );
  });

  it("are all known: of each part that has one, and those of the user", () => {
    for (const [part, names] of Object.entries(holders))
      assert.ok(
        [...needles.keys()].some((name) => names.test(name)),
        part,
      );
    assert.ok(needles.size >= 15, [...needles.keys()].join(", "));
  });

  it("are in the files of the containers that need them, and nowhere else", () => {
    const leaks = [...seen].flatMap(([where, names]) =>
      names.filter((name) => name !== "planted" && !isAllowed(where, name)).map((name) => `${where}: ${name}`),
    );
    assert.deepEqual(leaks, []);
    for (const part of Object.keys(holders))
      assert.ok(
        seen.get(`files of ${part}`)?.some((name) => isAllowed(`files of ${part}`, name)),
        part,
      );
  });

  it("are in these places", () => {
    figures("secrets", [
      ["place", `of ${String(needles.size - 1)} secrets it has`],
      ...[...seen].map(([where, names]) => [
        where,
        names
          .filter((name) => name !== "planted")
          .map((name) => `\`${name}\``)
          .join(", ") || "none",
      ]),
    ]);
  });
});

/** Pulumi's passphrase is an environment variable, and a config's secrets are handed to the program in one. */
function isAllowed(where: string, name: string): boolean {
  if (where === debugLog) return true;
  if (where === "the user's own commands' environments")
    return ["the passphrase", "mia:registry.password"].includes(name);
  return holders[where.replace(/^files of /, "")]?.test(name) ?? false;
}

/** Puts the planted one into variables, an output, an image's files and its history. */
async function plant(clone: Clone): Promise<void> {
  await clone.editUser("PLANTED", planted);
  await clone.edit("index.ts", (text) => `${text}\nexport const planted = ${JSON.stringify(planted)};\n`);
  await clone.edit("edge/nginx.conf", (text) => `# ${planted}\n${text}`);
  await clone.edit("lb/Dockerfile", (text) => `${text}\nLABEL planted=${planted}\n`);
}

async function idsIn(engine: OwnEngine, containers: readonly string[]): Promise<string[]> {
  const ids = await engine.must("inspect", "--format", "{{.Image}}", ...containers);
  return ids.split("\n");
}

/** The folders of a container's root: the one that it writes to, and the layers of its image. */
function rootFolders(pid: string): { written: string; image: string[] } {
  const mount = readFileSync(`/proc/${pid}/mountinfo`, "utf8")
    .split("\n")
    .find((line) => line.split(" ")[4] === "/");
  const [, written = ""] = /upperdir=([^,]+)/.exec(mount ?? "") ?? [];
  const [, image = ""] = /lowerdir=([^,]+)/.exec(mount ?? "") ?? [];
  // Long lists of layers are relative to the folder of all layers.
  return { written, image: image.split(":").map((layer) => resolve(written, "../..", layer)) };
}

function entries(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}
