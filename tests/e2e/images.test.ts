// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isShown } from "../../acceptance/flow.ts";
import { Clone } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { buildGem, GemServer } from "./support/gem-server.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { PrivateRegistry } from "./support/private-registry.ts";
import { some } from "./support/random.ts";

const frontends = ["keeplounge", "keepwww"] as const;
const ours = ["catalog", "edge", "frontend", "init", "keeplounge", "keepwww", "lb", "rails-microservice", "user"];

describe("Images of our own", () => {
  /** Where they are built. */
  let builder: OwnEngine;
  let clone: Clone;
  let registry: PrivateRegistry;

  before(async () => {
    builder = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: builder.host });
    registry = await PrivateRegistry.start(clone);
    await clone.mustPulumi("stack", "init", "qa");
    await registry.use(clone, "qa");
    await registry.login(clone);
    // No image built here, and no service run here, needs these.
    const unused = /opensearch|rabbitmq|memcached|node|registry:/;
    const mirror = await registry.mirror(clone, builder, (image) => !unused.test(image));
    await clone.mustPulumi("config", "set", "--stack", "qa", "mia:images", mirror);
  });

  after(async () => {
    clone.remove();
    await builder.clear();
  });

  const npm = (...args: string[]): Promise<Ended> => clone.run("npm", ["run", "--silent", ...args]);

  /** What an engine has of a project's images. */
  async function imagesOn(engine: OwnEngine): Promise<string[]> {
    const names = await engine.must("images", "--format", "{{.Repository}}:{{.Tag}}");
    return names
      .split("\n")
      .filter((name) => name.startsWith(`${registry.address}/mia-`))
      .sort();
  }

  /** Those whose container a preview replaces. */
  async function replacedIn(stack: string): Promise<string[]> {
    const preview = await clone.mustPulumi("preview", "--json", "--stack", stack);
    const { steps } = JSON.parse(preview.stdout) as { steps: { op: string; urn: string }[] };
    assert.deepEqual(
      steps
        .filter(({ op, urn }) => /delete|create$/.test(op) && !urn.includes("mia:platform:Image"))
        .map(({ urn }) => urn),
      [],
    );
    return steps.filter(({ op }) => op === "replace").map(({ urn }) => urn.split("::").at(-1) ?? "");
  }

  it("are built and pushed by `npm run push`, side by side, and where nothing changed neither", async () => {
    const first = await npm("push");
    assert.equal(first.code, 0, first.output);
    for (const part of ours) {
      assert.match(first.output, new RegExp(`building ${registry.address}/mia-${part}:[0-9a-f]{12} … \\(log: `));
      assert.equal((await registry.tags(clone, `mia-${part}`)).length, 1, part);
    }
    const again = await npm("push");
    assert.equal(again.code, 0, again.output);
    assert.equal(again.output.match(/ is there$/gm)?.length, ours.length, again.output);
    assert.doesNotMatch(again.output, /building|pushing/);
    assert.equal(await clone.status(), " M Pulumi.qa.yaml\n M registry/Pulumi.shared.yaml\n");
  });

  it("are pushed, and not built, where the registry has lost them", async () => {
    const [tag = ""] = await registry.tags(clone, "mia-edge");
    await registry.lose(clone, "mia-edge", tag);
    assert.deepEqual(await registry.tags(clone, "mia-edge"), []);
    const pushed = await npm("push");
    assert.doesNotMatch(pushed.output, /building/);
    assert.deepEqual(
      pushed.output.match(/pushing \S+/g),
      [`pushing ${registry.address}/mia-edge:${tag}`],
      pushed.output,
    );
    assert.deepEqual(await registry.tags(clone, "mia-edge"), [tag]);
  });

  it("are taken from the registry, and not built, where the engine has lost them", async () => {
    const [name = ""] = (await imagesOn(builder)).filter((image) => image.includes("/mia-edge:"));
    await builder.must("rmi", name);
    const taken = await npm("push");
    assert.doesNotMatch(taken.output, /building|pushing/);
    assert.ok((await imagesOn(builder)).includes(name), taken.output);
  });

  it("are taken in the version that the config names, and not built, whatever its folder holds", async () => {
    const [name = ""] = (await imagesOn(builder)).filter((image) => image.includes("/mia-keepwww:"));
    await clone.edit("frontend/keep_www/index.html", (text) => `${text}<!-- another -->\n`);
    const key = ["--stack", "qa", "--path", "mia:versions.keepwww"];
    await clone.mustPulumi("config", "set", "--type", "string", ...key, name.replace(/^.*:/, ""));
    try {
      await builder.must("rmi", name);
      const taken = await npm("push");
      assert.equal(taken.code, 0, taken.output);
      assert.doesNotMatch(taken.output, /building|pushing/);
      assert.ok((await imagesOn(builder)).includes(name), taken.output);
    } finally {
      await clone.mustPulumi("config", "rm", ...key);
      await clone.git("checkout", "--quiet", "frontend/keep_www");
    }
  });

  it("are all that an engine needs which has nothing but the registry: qa runs there, and mounts nothing of its host", async () => {
    // All images were pushed above. Two front ends suffice to show that an engine takes them from the registry.
    await clone.reduce(...frontends);
    const bare = await OwnEngine.start({ empty: true });
    try {
      const env = { DOCKER_HOST: bare.host };
      const pulumi = async (...args: string[]) => {
        const ended = await clone.run("pulumi", [...args, "--stack", "qa"], env);
        assert.equal(ended.code, 0, ended.output);
        return ended;
      };
      const up = await pulumi("up", "--yes", "--skip-preview");
      assert.doesNotMatch(up.output, /building|pushing/);
      const names = await bare.must("images", "--format", "{{.Repository}}");
      assert.deepEqual(
        names.split("\n").filter((name) => !name.startsWith(`${registry.address}/`)),
        [],
      );
      const ids = (await bare.must("ps", "--quiet")).split("\n");
      assert.equal(ids.length, [...frontends, "consul", "edge", "lb", "registrator"].length);
      const binds = await bare.must(
        "inspect",
        "--format",
        '{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}} {{end}}{{end}}',
        ...ids,
      );
      assert.equal(binds.trim(), `${bare.folder}/docker.sock`);
      const { lbUrl } = JSON.parse((await pulumi("stack", "output", "--json")).stdout) as { lbUrl: string };
      for (const name of frontends) await isShown(lbUrl, name);
      await pulumi("preview", "--expect-no-changes");
      await pulumi("destroy", "--yes", "--skip-preview");
      assert.deepEqual(await bare.remains(), []);
    } finally {
      await bare.remove();
    }
    // The stack is to live on the other engine from here on.
    await clone.mustPulumi("stack", "rm", "qa", "--yes", "--preserve-config");
    await clone.mustPulumi("stack", "init", "qa");
    await registry.use(clone, "qa");
  });

  describe("in a preview", () => {
    before(async () => {
      await clone.configure("qa", { [`mia:services[${String(frontends.length)}]`]: "user" });
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    });
    after(() => clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa"));

    it("say what a changed file replaces, exactly and before anything is built", async () => {
      const cases: [string, string[]][] = [
        ["frontend/keep_www/index.html", ["keepwww"]],
        ["services/rosi_user_service/config/routes.rb", ["user"]],
        ["images/rails-microservice/bin/supervise", ["user"]],
        ["images/frontend/nginx.conf", ["keeplounge", "keepwww"]],
        ["images/init/init", ["keeplounge", "keepwww", "user"]],
        ["lb/nginx/nginx.conf", ["lb"]],
      ];
      const before = await imagesOn(builder);
      for (const [file, expected] of some(cases, 3)) {
        await clone.edit(file, (text) => `${text}\n# changed\n`);
        assert.deepEqual((await replacedIn("qa")).sort(), expected, file);
        await clone.git("checkout", "--quiet", file);
      }
      assert.deepEqual(await imagesOn(builder), before);
      await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
    });

    it("say nothing of what .dockerignore leaves out", async () => {
      mkdirSync(join(clone.folder, "services/rosi_user_service/log"));
      writeFileSync(join(clone.folder, "services/rosi_user_service/log/production.log"), "said");
      await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
    });

    it("are built, pushed and run by the next `up`: those, and no other", async () => {
      await clone.edit("frontend/keep_www/index.html", (text) => text.replace("<h1>Keep</h1>", "<h1>Kept</h1>"));
      const before = await imagesOn(builder);
      const up = await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
      const built = (await imagesOn(builder)).filter((name) => !before.includes(name));
      assert.deepEqual(
        built.map((name) => name.replace(/:[^:]*$/, "")),
        [`${registry.address}/mia-keepwww`],
      );
      assert.equal(up.output.match(/^ +(building|pushing) /gm)?.length, 2, up.output);
      assert.equal((await registry.tags(clone, "mia-keepwww")).length, 2);
      await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
      await clone.git("checkout", "--quiet", "frontend/keep_www/index.html");
    });
  });

  describe("that need a private gem", () => {
    const secret = "a-token-that-nobody-may-see";
    let gems: GemServer | undefined;

    before(async () => {
      const file = await buildGem(
        builder,
        clone.home,
        (await imagesOn(builder)).find((name) => name.includes("/mia-user:")),
      );
      gems = await GemServer.start(builder.address, "mia_greeting", "1.0.0", file, `ci:${secret}`);
      await clone.edit("services/rosi_user_service/Gemfile", (text) => `${text}gem "mia_greeting"\n`);
      await clone.edit("services/rosi_user_service/Gemfile.lock", (text) =>
        text
          .replace("    mini_portile2", "    mia_greeting (1.0.0)\n    mini_portile2")
          .replace("  mysql2 (~> 0.5.5)\n", "  mia_greeting\n  mysql2 (~> 0.5.5)\n"),
      );
    });

    after(async () => {
      gems?.stop();
      await clone.git("checkout", "--quiet", "services/rosi_user_service");
    });

    /** As `bundle config set --global mirror.all` writes it. */
    function credentials(password: string): NodeJS.ProcessEnv {
      const file = join(clone.home, "bundle-config");
      const mirror = gems?.url.replace("//", `//ci:${password}@`) ?? "";
      writeFileSync(file, `---\nBUNDLE_MIRROR__ALL: "${mirror}"\nBUNDLE_PATH: "nowhere"\n`);
      return { BUNDLE_USER_CONFIG: file };
    }

    it("can't be built with wrong credentials, which is said without them", async () => {
      const ended = await clone.run("npm", ["run", "--silent", "build"], credentials("a-wrong-token"));
      assert.equal(ended.code, 1);
      assert.match(ended.output, /✘ services\/rosi_user_service\/ could not be built/);
      assert.doesNotMatch(ended.output, /a-wrong-token/);
    });

    it("have the gem, and no trace of the secret in their history or in any layer", async () => {
      const ended = await clone.run("npm", ["run", "--silent", "build"], credentials(secret));
      assert.equal(ended.code, 0, ended.output);
      const [, image = ""] = /✔ (\S+\/mia-user:\S+) \(/.exec(ended.output) ?? [];
      const use = ["bundle", "exec", "ruby", "-e", "require 'mia_greeting'; print MiaGreeting::WORDS"];
      assert.equal(await builder.must("run", "--rm", image, ...use), "hello from a gem");
      assert.doesNotMatch(await builder.must("history", "--no-trunc", image), new RegExp(secret));
      assert.doesNotMatch(await builder.must("inspect", image), new RegExp(secret));
      assert.equal(await occurrences("hello from a gem", image), "found");
      assert.equal(await occurrences(secret, image), "none");
    });

    /** Whether a text is anywhere in an image's layers, which an engine may keep compressed. */
    async function occurrences(text: string, image: string): Promise<string> {
      const saved = mkdtempSync(join(clone.home, "saved-"));
      const save = 'docker save "$1" | tar --extract --directory "$2"';
      const ended = await clone.run("sh", ["-c", save, "sh", image, saved]);
      assert.equal(ended.code, 0, ended.output);
      const search = ["-type", "f", "-exec", "zgrep", "-alF", "--", text, "{}", "+"];
      const { stdout } = await clone.run("find", [saved, ...search]);
      rmSync(saved, { recursive: true });
      return stdout.trim() === "" ? "none" : "found";
    }
  });

  describe("that can't be had", () => {
    /** An `up` that fails: in one sentence, and with nothing created. */
    async function refusal(): Promise<string> {
      const before = await builder.remains();
      const up = await clone.pulumi("up", "--yes", "--skip-preview", "--stack", "qa");
      assert.notEqual(up.code, 0, up.output);
      assert.doesNotMatch(up.output, /\n\s+at |serializing/);
      assert.ok(!up.output.includes(registry.password), up.output);
      assert.deepEqual(await builder.remains(), before);
      const errors = up.output.split("\n").filter((line) => /^\s*error: /.test(line));
      assert.equal(errors.length, 1, up.output);
      return errors[0]?.trim() ?? "";
    }

    beforeEach(() =>
      clone.edit("frontend/keep_www/index.html", (text) => `${text}<!-- another ${String(Math.random())} -->\n`),
    );
    afterEach(() => clone.git("checkout", "--quiet", "frontend/keep_www"));

    it("since their Dockerfile fails: that and its last lines are said", async () => {
      await clone.edit("frontend/keep_www/Dockerfile", (text) => `${text}RUN echo half of it is done; exit 7\n`);
      assert.match(
        await refusal(),
        /^error: frontend\/keep_www\/ could not be built \(ERROR: .*exit code: 7\)\. Its last lines:$/,
      );
      const build = await npm("build");
      assert.equal(build.code, 1);
      assert.match(build.output, /✘ frontend\/keep_www\/ could not be built/);
      assert.match(build.output, /half of it is done/);
    });

    it("since the config names a version that is nowhere", async () => {
      const key = ["--stack", "qa", "--path", "mia:versions.keepwww"];
      await clone.mustPulumi("config", "set", "--type", "string", ...key, "000000000000");
      try {
        assert.equal(
          await refusal(),
          `error: ${registry.address}/mia-keepwww:000000000000 is neither on the engine nor in the registry ${registry.address}, and frontend/keep_www/ holds another version: deploy another, or \`pulumi config rm --path mia:versions.keepwww\`.`,
        );
      } finally {
        await clone.mustPulumi("config", "rm", ...key);
      }
    });

    it("since the credentials are wrong", async () => {
      await clone.mustPulumi("config", "set", "--stack", "qa", "--path", "--secret", "mia:registry.password", "wrong");
      try {
        assert.match(
          await refusal(),
          new RegExp(
            `^error: The registry ${registry.address} refuses the credentials \\(.*([Uu]nauthorized|400 Bad Request).*\\): correct mia:registry\\.user and mia:registry\\.password\\.$`,
          ),
        );
      } finally {
        await registry.use(clone, "qa");
      }
      await clone.run("docker", ["logout", registry.address]);
      const push = await npm("push");
      await registry.login(clone);
      assert.equal(push.code, 1);
      assert.match(
        push.output,
        new RegExp(
          `✘ The registry ${registry.address} refuses the credentials \\(.*\\): correct \`docker login ${registry.address}\`\\.\n$`,
        ),
      );
    });

    it("since the registry does not answer", async () => {
      const container = "mia-registry-shared-registry";
      await builder.must("stop", container);
      try {
        assert.match(
          await refusal(),
          new RegExp(
            `^error: The registry ${registry.address} does not answer \\(.*connection refused.*\\): start it, or correct mia:registry\\.address\\.$`,
          ),
        );
      } finally {
        await builder.must("start", container);
      }
    });

    it("since the registry's disk is full", async () => {
      // A registry of 4 MiB.
      const full = await PrivateRegistry.small(builder);
      await clone.edit(
        "frontend/keep_www/Dockerfile",
        (text) => `${text}RUN head -c 20000000 /dev/urandom > /ballast\n`,
      );
      await clone.mustPulumi("config", "set", "--stack", "qa", "--path", "mia:registry.address", full.address);
      try {
        const words = await refusal();
        assert.match(
          words,
          /^error: The registry 127\.0\.0\.1:\d+ does not take images \(.*\): see its log, and whether a disk is full\.$/,
        );
      } finally {
        await registry.use(clone, "qa");
        await full.remove();
      }
    });
  });

  it("a check refuses to mount a folder of the host into one, before anything is created", async () => {
    await clone.edit("components/service.ts", (text) =>
      text.replace("      volumes,\n", '      volumes: { ...volumes, "/data": "/srv" },\n'),
    );
    const before = await builder.remains();
    const preview = await clone.pulumi("preview", "--stack", "qa");
    assert.notEqual(preview.code, 0);
    assert.match(
      preview.output,
      /mia-qa: \w+ mounts \/srv, but what is baked mounts nothing of its host: have it in the image, or in a volume\./,
    );
    assert.deepEqual(await builder.remains(), before);
    await clone.git("checkout", "--quiet", "components/service.ts");
  });
});
