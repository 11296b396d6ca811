// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { acceptance, createUser, isFound, search, searchUntil, type User } from "../../acceptance/flow.ts";
import type { Manifest } from "../../backup/manifest.ts";
import { Clone, type Ports } from "./support/clone.ts";
import { command, type Ended, eventually } from "./support/command.ts";
import { figuresOfLongRun } from "./support/figures.ts";
import { pace, type Kind, Load } from "./support/load.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { isLong } from "./support/random.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { lastLine } from "./support/qa-run.ts";
import { within } from "../support/limits.ts";

/** How many rows a table has that makes a dump take long enough: a power of two. */
const bulk = isLong ? 2 ** 21 : 2 ** 17;
/** The bytes of a row that is longer in a dump than what the server takes by itself. */
const large = 12 * 2 ** 20;

const writes: Kind = {
  method: "POST",
  path: "/user/users",
  body: '{"name":"New","email":"a@b.org"}',
  status: 201,
  words: '"name":"New"',
};
const kinds: Kind[] = [writes, { method: "GET", path: "/user/users?ids=0", status: 200, words: '{"users":[]}' }];

/** Of two stacks on one engine: what one of them holds goes into the other. */
describe("The data of a stack", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let qa: Ports;
  let underWay: User | undefined;
  let newest = 0;
  const writers: ChildProcess[] = [];
  const loads: Load[] = [];
  const table: (string | number)[][] = [["what", "found"]];

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    qa = await clone.useFreePorts("qa");
    for (const stack of ["dev", "qa"]) {
      await clone.mustPulumi("stack", "init", stack);
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", stack);
    }
  });

  after(async () => {
    for (const writer of writers) writer.kill("SIGKILL");
    await Promise.all(loads.map((load) => load.stop()));
    if (table.length > 2) figuresOfLongRun("backup", table);
    clone.remove();
    await engine.clear();
  });

  const devUrl = () => clone.url("http", "");
  const qaUrl = () => `http://127.0.0.1:${String(qa.http)}`;
  const npm = (...args: string[]): Promise<Ended> => clone.run("npm", ["run", "--silent", ...args]);
  const folder = (name: string) => join(clone.home, name);
  const manifest = (name: string) => JSON.parse(readFileSync(join(folder(name), "manifest.json"), "utf8")) as Manifest;

  const client = (stack: string, options: readonly string[]) => {
    const line = 'MYSQL_PWD=$(cat $MYSQL_ROOT_PASSWORD_FILE) exec mysql --user=root --skip-column-names --batch "$@"';
    return ["exec", "--interactive", `mia-${stack}-db`, "sh", "-c", line, "sh", ...options];
  };

  async function sql(stack: string, statement: string): Promise<string> {
    return engine.must(...client(stack, [`--execute=${statement}`]));
  }

  async function must(...args: string[]): Promise<Ended> {
    const ended = await npm(...args);
    assert.equal(ended.code, 0, ended.output);
    return ended;
  }

  /** Writes the same numbers into a table of each database, both in one transaction, until it is told to stop. */
  async function writePairs(): Promise<() => Promise<number>> {
    await sql(
      "dev",
      "CREATE TABLE mia_user_development.pairs (n INT PRIMARY KEY); CREATE TABLE mia_catalog_development.pairs (n INT PRIMARY KEY);",
    );
    const child = spawn("docker", client("dev", []), {
      env: { ...clone.env, DOCKER_HOST: engine.host },
      stdio: ["pipe", "inherit", "inherit"],
    });
    writers.push(child);
    let n = 0;
    const timer = setInterval(() => {
      n++;
      const both = ["user", "catalog"].map(
        (service) => `INSERT INTO mia_${service}_development.pairs VALUES (${String(n)});`,
      );
      child.stdin.write(`START TRANSACTION; ${both.join(" ")} COMMIT;\n`);
    }, 50).unref();
    return async () => {
      clearInterval(timer);
      child.stdin.end();
      await once(child, "close");
      return n;
    };
  }

  /** Starts a command of ours as a terminal does; answers with its end, and with what sends its group a signal. */
  function begin(...args: string[]): { signal: (signal: NodeJS.Signals) => void; ended: Promise<Ended> } {
    const from = Date.now();
    const child = spawn("npm", ["run", "--silent", ...args], {
      cwd: clone.folder,
      env: clone.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, "close").then(([code, signal]) => ({
      // As a shell says it: npm ends itself by a signal that it has heard.
      code: (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
      stdout: output,
      output,
      seconds: (Date.now() - from) / 1000,
    }));
    return { signal: (signal) => process.kill(-(child.pid ?? assert.fail("it was not started")), signal), ended };
  }

  /** Waits until the dump of a backup is being written. */
  async function isDumping(name: string): Promise<void> {
    const file = join(`${folder(name)}.partial`, "db.dump.gz");
    await eventually(within.start, () => Promise.resolve(existsSync(file) && statSync(file).size > 20_000), Boolean);
  }

  it("is kept as it was at one moment, while rows are written and no request fails", async () => {
    await sql(
      "dev",
      `CREATE TABLE mia_user_development.bulk (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(200));
       INSERT INTO mia_user_development.bulk (text) VALUES (MD5(RAND()));
       ${Array.from({ length: Math.log2(bulk) }, () => "INSERT INTO mia_user_development.bulk (text) SELECT CONCAT(MD5(RAND()), MD5(RAND()), 'tab\t, line\n, quote'' and USE `x`;') FROM mia_user_development.bulk;").join("\n")}
       CREATE TABLE mia_user_development.large (content LONGBLOB);
       INSERT INTO mia_user_development.large VALUES (REPEAT(x'00', ${String(large)}));
       USE mia_user_development; CREATE TRIGGER again BEFORE INSERT ON bulk FOR EACH ROW SET NEW.text = UPPER(NEW.text);`,
    );
    // An event that was published, and that nobody has taken out of its queue.
    const catalog = await engine.container("catalog");
    await engine.must("stop", catalog);
    underWay = await createUser(devUrl(), "Under Way");
    const unpublished = `SELECT COUNT(*) FROM mia_user_development.events WHERE published_at IS NULL AND body LIKE '%Under Way%'`;
    await eventually(
      within.recovery,
      () => sql("dev", unpublished),
      (count) => count === "0",
    );
    const stopPairs = await writePairs();
    await sql(
      "dev",
      "CREATE VIEW mia_user_development.last_pair AS SELECT MAX(n) AS n FROM mia_user_development.pairs",
    );
    const load = new Load(clone.ports.http, kinds, writes, 2, pace);
    loads.push(load);
    await load.seen(50);
    const first = Number(await sql("dev", "SELECT MAX(n) FROM mia_user_development.pairs"));
    newest = Number(await sql("dev", "SELECT MAX(id) FROM mia_user_development.users"));
    const backup = await npm("backup", "--", folder("kept"));
    const { sent, failed, failures } = await load.seen();
    await load.stop();
    const written = await stopPairs();
    await engine.must("start", catalog);
    assert.equal(backup.code, 0, backup.output);
    assert.deepEqual(failed, {});
    assert.ok(sent > 20 && written > first, "nothing was written meanwhile");
    assert.match(lastLine(backup.output), /^✔ \S+kept has what stack dev holds: db, [\d.]+ MiB \([\d.]+ s\)\.$/);
    const { parts } = manifest("kept");
    assert.deepEqual(
      parts.map(({ part, kind }) => [part, kind]),
      [["db", "dump"]],
    );
    table.push(
      ["rows of one table, beside others", bulk],
      ["its backup", `${((parts[0]?.bytes ?? 0) / 2 ** 20).toFixed(1)} MiB compressed, ${backup.seconds.toFixed(0)} s`],
      ["requests meanwhile, failed", `${String(sent)}, ${String(failures)}`],
    );
  });

  it("is another stack's then, all of it, and that goes on from there", async () => {
    const stale = await createUser(qaUrl(), "Stale Qa");
    await isFound(qaUrl(), stale);
    const restore = await must("restore", "--", "--stack", "qa", folder("kept"), "--yes");
    assert.match(
      lastLine(restore.output),
      /^✔ Stack qa has the data of stack dev of \S+Z: user, catalog \([\d.]+ s\)\.$|^✔ Stack qa .*: catalog, user /,
    );

    // The same numbers in both databases: those of one moment, and none missing.
    const pairs = async (service: string) =>
      sql("qa", `SELECT COUNT(*), MIN(n), MAX(n) FROM mia_${service}_production.pairs`);
    const [user, catalog] = await Promise.all([pairs("user"), pairs("catalog")]);
    assert.equal(user, catalog);
    const [count, , last] = user.split("\t");
    assert.equal(count, last);
    assert.equal(await sql("qa", "SELECT n FROM mia_user_production.last_pair"), last);

    const sum = (stack: string, mode: string) =>
      sql(stack, `CHECKSUM TABLE mia_user_${mode}.bulk`).then((line) => line.split("\t")[1]);
    assert.equal(await sum("qa", "production"), await sum("dev", "development"));
    assert.equal(await sql("qa", "SELECT LENGTH(content) FROM mia_user_production.large"), String(large));
    assert.match(await sql("qa", "SHOW TRIGGERS FROM mia_user_production"), /^again\tINSERT\tbulk/);

    // All that dev had when the backup was asked for is there, as it is there.
    const users = (stack: string, mode: string) =>
      sql(
        stack,
        `SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', id, name, email, created_at, updated_at))) FROM mia_user_${mode}.users WHERE id <= ${String(newest)}`,
      );
    const [restored, kept] = [await users("qa", "production"), await users("dev", "development")];
    assert.equal(restored, kept);
    const [of = "", there = ""] = [kept, restored].map((line) => line.split("\t")[0]);
    // And each of them comes into the catalog, also those whose event was under way.
    const unknown = await eventually(
      within.start,
      () =>
        sql(
          "qa",
          "SELECT COUNT(*) FROM mia_user_production.users LEFT JOIN mia_catalog_production.entries ON user_id = users.id WHERE user_id IS NULL",
        ),
      (missing) => missing === "0",
    );
    table.push(
      ["restored into another stack", `${restore.seconds.toFixed(0)} s, with a backup of what was there before`],
      ["users that there were when it was asked for, lost", `${of}, ${String(Number(of) - Number(there))}`],
      ["users that the catalog does not know", unknown],
    );
    assert.deepEqual((await search(qaUrl(), stale.name)).results, []);
    await isFound(qaUrl(), underWay ?? assert.fail("there is no such user"));
    await acceptance(qaUrl());
    await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
  });

  itInLongSuite("can be had back as it was before a restore", async () => {
    const backups = join(clone.folder, ".mia/backups/qa");
    const [before = ""] = readdirSync(backups);
    assert.match(before, /-before-restore$/);
    const { output } = await must("restore", "--", "--stack", "qa", join(backups, before), "--yes");
    assert.match(output, /What stack qa held is kept in \.mia\/backups\/qa\/\S+-before-restore/);
    assert.deepEqual(
      (await searchUntil(qaUrl(), "Stale Qa", ({ results }) => results.length > 0, 60)).results.length,
      1,
    );
    assert.equal(await sql("qa", "SELECT COUNT(*) FROM mia_user_production.users WHERE name = 'New'"), "0");
  });

  it("leaves nothing under a backup's name where that is interrupted, killed, or has no room", async () => {
    const interrupted = begin("backup", "--", folder("interrupted"));
    await isDumping("interrupted");
    interrupted.signal("SIGINT");
    const { code, output } = await interrupted.ended;
    assert.equal(code, 130, output);
    assert.equal(lastLine(output), `✘ Interrupted: there is no backup ${folder("interrupted")}.`);
    assert.deepEqual(
      readdirSync(clone.home).filter((name) => name.startsWith("interrupted")),
      [],
    );

    const killed = begin("backup", "--", folder("killed"));
    await isDumping("killed");
    killed.signal("SIGKILL");
    await killed.ended;
    assert.equal(existsSync(folder("killed")), false);
    await must("backup", "--", folder("killed"));
    assert.deepEqual(
      readdirSync(clone.home).filter((name) => name.startsWith("killed")),
      ["killed"],
    );

    const small = folder("small");
    mkdirSync(small);
    const root = { cwd: clone.home, env: process.env };
    assert.equal((await command("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small], root)).code, 0);
    try {
      const full = await npm("backup", "--", join(small, "full"));
      assert.equal(full.code, 1, full.output);
      assert.match(
        lastLine(full.output),
        /^✘ The backup \S+small\/full can't be written \(ENOSPC: no space left on device, write\): nothing of it is left\.$/,
      );
      assert.deepEqual(readdirSync(small), []);
    } finally {
      await command("umount", [small], root);
    }
    table.push([
      "interrupted, killed, no room on the disk",
      "no backup under the name, and nothing of it left after the next",
    ]);
  });

  itInLongSuite(
    "is not whole where a restore is interrupted: that says so, keeps the services away from it, and can be done again",
    async () => {
      const run = begin("restore", "--", "--stack", "qa", folder("kept"), "--yes");
      await eventually(
        within.boot,
        () =>
          sql(
            "qa",
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'mia_user_production' AND table_name = 'bulk'",
          ),
        (count) => count === "1",
      );
      run.signal("SIGINT");
      const { code, output } = await run.ended;
      assert.equal(code, 130, output);
      assert.match(
        lastLine(output),
        /^✘ Interrupted\. The data of (user, catalog|catalog, user) in stack qa is not whole, and \S+ \S+ are stopped so that nobody uses it\. Again: npm run restore -- --stack qa \S+kept; or back to what was there: npm run restore -- --stack qa \.mia\/backups\/qa\/\S+-before-restore\.?$/,
      );
      assert.equal((await fetch(`${qaUrl()}/user/users?ids=0`)).status, 503);
      // Half of the data is kept by nobody: not by a backup, nor in the place of what was there before.
      const before = /\S+-before-restore/.exec(lastLine(output))?.[0] ?? output;
      const refused = await npm("backup", "--", "--stack", "qa");
      assert.equal(refused.code, 1);
      assert.match(
        lastLine(refused.output),
        /^✘ The data of stack qa is not whole, since a restore has not ended well: /,
      );
      assert.ok(lastLine(refused.output).endsWith(before), refused.output);
      const again = await must("restore", "--", "--stack", "qa", folder("kept"), "--yes");
      assert.ok(again.output.includes(`What stack qa held is kept in ${before}\n`), again.output);
      await must("backup", "--", "--stack", "qa");
      await acceptance(qaUrl());
      table.push(["a restore that is interrupted", "says so; the services stay stopped; the next one ends well"]);
    },
  );

  it("is not touched by what can't be restored, nor where nobody has agreed", async () => {
    const damaged = folder("damaged");
    await clone.run("cp", ["-a", folder("kept"), damaged]);
    writeFileSync(join(damaged, "db.dump.gz"), "nothing");
    const empty = folder("empty");
    mkdirSync(empty);
    const later = folder("later");
    mkdirSync(later);
    writeFileSync(join(later, "manifest.json"), '{"format":2}');
    const other = folder("other");
    await clone.run("cp", ["-a", folder("kept"), other]);
    const text = readFileSync(join(other, "manifest.json"), "utf8");
    writeFileSync(join(other, "manifest.json"), text.replace(/"dialect": "\w+"/, '"dialect": "Oracle"'));
    const need = "need a folder that `npm run backup` has made.";
    for (const [args, words] of [
      [["backup", "--", folder("kept")], `✘ FOLDER: got ${folder("kept")}, which is there already, need a new one.`],
      [["backup", "--", "a", "b"], "✘ Usage: npm run backup -- [--stack NAME] [FOLDER]"],
      [["restore"], "✘ Usage: npm run restore -- [--stack NAME] FOLDER [--yes]"],
      [["restore", "--", folder("none")], `✘ FOLDER: got ${folder("none")}, which is not there, ${need}`],
      [["restore", "--", empty], `✘ FOLDER: got ${empty}, in which there is no manifest.json, ${need}`],
      [
        ["restore", "--", later],
        `✘ FOLDER: got ${later}, a backup of format 2, need format 1: take the version of mia that made it.`,
      ],
      [
        ["restore", "--", damaged],
        `✘ ${damaged}/db.dump.gz is not what damaged was made with (its checksum differs): take another backup.`,
      ],
      [["backup", "--", "--stack", "none"], "✘ Nothing of stack none runs: npm run up -- --stack none"],
    ] as const) {
      const { code, output } = await npm(...args);
      assert.equal(code, 1, output);
      assert.equal(lastLine(output), words);
    }
    const [asked, foreign] = [await npm("restore", "--", folder("kept")), await npm("restore", "--", other, "--yes")];
    assert.match(
      lastLine(asked.output),
      /^✘ This replaces the data of \S+ \S+ in stack dev by that of stack dev of \S+Z\. Nobody can be asked here: add --yes\.$/,
    );
    assert.match(
      lastLine(foreign.output),
      /^✘ The backup is of Oracle, and db of stack dev is (MariaDB|MySQL): need a stack of the former\.$/,
    );
    assert.deepEqual([asked.code, foreign.code], [1, 1]);
  });

  it("has no secret in a backup", async () => {
    const { stdout } = await clone.mustPulumi("stack", "export", "--show-secrets", "--stack", "dev");
    const secrets = [...stdout.matchAll(/"plaintext": "\\"([A-Za-z0-9]{32})\\""/g)].map(([, secret = ""]) => secret);
    assert.ok(secrets.length >= 5, `only ${String(secrets.length)} secrets were found`);
    const text = await clone.run("sh", [
      "-c",
      `gzip -dc "${folder("kept")}"/*.gz; cat "${folder("kept")}/manifest.json"`,
    ]);
    assert.equal(text.code, 0);
    for (const secret of new Set(secrets)) assert.ok(!text.stdout.includes(secret), "a backup has a secret in it");
  });

  itInLongSuite("is the files of a volume where a part says nothing better", async () => {
    await clone.edit("platform/catalogue/infrastructure.ts", (text) =>
      text.replace(/ {2}backup: \{[^}]*Registrator tells it" \},\n/, ""),
    );
    const key = clone.url("consul", "/v1/kv/kept");
    await fetch(key, { method: "PUT", body: "as it was" });
    await must("backup", "--", folder("files"));
    assert.deepEqual(
      manifest("files").parts.map(({ part, kind }) => [part, kind]),
      [
        ["consul", "files"],
        ["db", "dump"],
      ],
    );
    await fetch(key, { method: "DELETE" });
    await must("restore", "--", folder("files"), "--yes");
    const value = await eventually(
      within.recovery,
      () => fetch(`${key}?raw`).then((response) => response.text(), String),
      (text) => text === "as it was",
    );
    assert.equal(value, "as it was");
    await clone.git("checkout", "platform/catalogue/infrastructure.ts");
    await acceptance(devUrl());
    await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "dev");
    rmSync(folder("files"), { recursive: true });
  });

  describe("Its volume", () => {
    const catalogue = "platform/catalogue/infrastructure.ts";
    const gone = (stack: string, volume: string) =>
      new RegExp(
        `Pulumi\\.${stack}\\.yaml: the volume mia-${stack}-${volume}: got no part that has it any more, and what is in it would be deleted, ` +
          "need it to be declared, or your word that it may go\\. Fix: declare it as it was; or keep a copy \\(npm run backup -- --stack " +
          `${stack}\\) and say so: pulumi config set --stack ${stack} --path 'mia:discard\\[0\\]' (mia-${stack}-${volume}@\\S+) ` +
          "\\(where it is protected too, the next `up` says how to unprotect it alone\\)",
      );

    afterEach(async () => {
      await clone.git("checkout", catalogue, "components");
    });

    /** Neither a preview nor an `up` goes through, in one sentence, and all that runs goes on. Answers with the last group of it. */
    async function isRefused(stack: string, words: RegExp): Promise<string> {
      const before = await engine.started();
      const found = [];
      for (const verb of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const { code, output } = await clone.pulumi(...verb, "--stack", stack);
        assert.notEqual(code, 0, output);
        assert.match(output, words);
        assert.doesNotMatch(output, / {4}at /);
        found.push(words.exec(output)?.[1] ?? "");
      }
      assert.deepEqual(await engine.started(), before);
      return found[0] ?? "";
    }

    const rename = (volume: string) =>
      clone.edit(catalogue, (text) => text.replace(`volume: "${volume}"`, `volume: "${volume}-2"`));

    for (const stack of isLong ? ["dev", "qa"] : ["dev"]) {
      it(`is not deleted by an \`up\` of ${stack} that has another in its place`, async () => {
        await rename("data");
        await isRefused(stack, gone(stack, "data"));
      });
    }

    it("is not made anew by an `up`, also where it is not protected, unless it holds nothing", async () => {
      await clone.edit("components/machine/lost-volumes.ts", (text) =>
        text.replace('{ "mia.stack": stackId }', '{ "mia.stack": stackId, more: "labels" }'),
      );
      // Each with the words for itself: they can be given one after the other.
      const anew = (volume: string, place: number) =>
        `the volume mia-qa-${volume}: got another driver or other labels than it has, and it would be made anew, without what is in it, need [^]*--path 'mia:discard\\[${String(place)}\\]' mia-qa-${volume}@\\S+ [^]*`;
      await isRefused("qa", new RegExp(anew("consul-data", 0) + anew("data", 1)));
      const { output } = await clone.pulumi("preview", "--stack", "qa");
      assert.doesNotMatch(output, /the volume mia-qa-lb-run/);
    });

    it("goes where the config names that very volume, and its protection was taken away", async () => {
      await rename("consul-data");
      const named = await isRefused("dev", gone("dev", "consul-data"));
      await clone.mustPulumi("config", "set", "--stack", "dev", "--path", "mia:discard[0]", named);
      const isProtected = await clone.pulumi("preview", "--stack", "dev");
      assert.match(isProtected.output, /cannot be deleted\s+because it is protected/);
      await clone.mustPulumi("state", "unprotect", "--all", "--yes", "--stack", "dev");
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
      await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "dev");
      const volumes = (await engine.remains()).filter((what) => what.startsWith("volume mia-dev-"));
      assert.deepEqual(
        volumes.sort(),
        ["consul-data-2", "data", "lb-run", "rubygems"].map((volume) => `volume mia-dev-${volume}`),
      );
      await acceptance(devUrl());
    });
  });
});
