// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { GitHub } from "./support/github.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { PrivateRegistry } from "./support/private-registry.ts";
import { QaRun } from "./support/qa-run.ts";
import { type Contexts, type JobRun, pipelines, Runner, runStage } from "./support/workflow.ts";
import { every } from "../support/limits.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { isLong } from "./support/random.ts";
import { pause } from "../support/pause.ts";

const edited = "frontend/keep_www/index.html";
const aLineMore = (text: string) => `${text}<!-- A line more. -->\n`;

describe("A pull request", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let registry: PrivateRegistry;
  let github: GitHub;
  let runner: Runner;
  /** The commit of main with all services. */
  let whole: string;
  /** The commit of main that pull requests begin with: a small platform. */
  let base: string;
  let pullRequest: string;
  const generated = new Set<string>();

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    // A runner of GitHub's has Go, and keeps nothing else from one job to the next.
    const go = async (name: string) =>
      (await clone.run("go", ["env", name], { HOME: process.env["HOME"] })).stdout.trim();
    const caches = { GOMODCACHE: await go("GOMODCACHE"), GOCACHE: await go("GOCACHE") };
    registry = await PrivateRegistry.start(clone);
    generated.add(registry.password);
    if (isLong) {
      // The ports of tests are others than those of the repository's golden texts.
      const golden = ["node_modules/mocha/bin/mocha.js", "tests/unit/golden.test.ts"];
      const updated = await clone.run("node", golden, { UPDATE_GOLDEN: "1", PULUMI_ERROR_OUTPUT_STRING: "1" });
      assert.equal(updated.code, 0, updated.output);
      await clone.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-am", "Main");
    }
    whole = (await clone.git("rev-parse", "HEAD")).stdout.trim();
    // A workflow runs the same commands for every service, so two are enough.
    await clone.reduce("keepwww", "user");
    base = (await clone.git("rev-parse", "HEAD")).stdout.trim();
    pullRequest = await commit(base, edited, aLineMore);
    github = await GitHub.start({ number: 42, label: "somebody:fix", others: 130 });
    const backend = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"];
    for (const name of backend) Reflect.deleteProperty(clone.env, name);
    runner = new Runner(clone, { ...caches, GITHUB_API_URL: github.url });
  });

  after(async () => {
    QaRun.endAll();
    await github.stop();
    clone.remove();
    await engine.clear();
  });

  /** A commit on a branch of its own that edits a file; the clone goes back to where it was. */
  async function commit(from: string, file: string, change: (text: string) => string): Promise<string> {
    await clone.git("checkout", "--quiet", "--detach", from);
    await clone.edit(file, change);
    await clone.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-am", "An edit");
    const made = (await clone.git("rev-parse", "HEAD")).stdout.trim();
    await clone.git("checkout", "--quiet", "--detach", from);
    return made;
  }

  /** As GitHub tells it: from a fork, or from the repository itself, whose runs have what secrets and variables there are. */
  function opened(head: string, more: Partial<Contexts> = {}): Contexts {
    const isFork = more.secrets === undefined;
    const repository = isFork ? "somebody/mia" : "keep/mia";
    const event = {
      number: 42,
      label: { name: "qa" },
      pull_request: { base: { sha: base }, head: { sha: head, repo: { full_name: repository } } },
    };
    const names = {
      event_name: "pull_request",
      repository: "keep/mia",
      ref: "refs/pull/42/merge",
      token: "a-token-of-github",
    };
    return { vars: { MIA_RUNNER: "our-own", MIA_REGISTRY: registry.address }, ...more, github: { ...names, event } };
  }

  /** What runs when another workflow has ended. */
  function ended(head: string): Contexts {
    const run = {
      event: "pull_request",
      conclusion: "success",
      id: 4711,
      head_sha: head,
      head_branch: "fix",
      head_repository: { owner: { login: "somebody" } },
    };
    return {
      github: {
        event_name: "workflow_run",
        repository: "keep/mia",
        token: "a-token-of-github",
        event: { workflow_run: run },
      },
    };
  }

  function passed(job: JobRun): string {
    const output = job.steps.map((step) => `▶ ${step.name} (${String(step.code)})\n${step.output}`).join("\n");
    assert.ok(job.ran && job.ok, output);
    return output;
  }

  const comment = () => readFileSync(join(runner.artifacts, "review/comment.md"), "utf8");
  const keepwwwAlone =
    /^<!-- .* -->\n### What this changes\n\n\*\*dev\*\*: nothing\. .*\n\n\*\*qa\*\*: 1 replaced\. .*\n\n\|.*\n\|.*\n\| ± replace \| container `keepwww` \| image \| `"mia-keepwww:\w{12}"` \| `"mia-keepwww:\w{12}"` \|\n$/;

  it("from a fork passes the policies, without engine, state or secret", async () => {
    const run = await runner.run("check", pullRequest, opened(pullRequest), "Policies");
    passed(run);
    assert.equal(run.runsOn, "ubuntu-24.04");
    assert.equal(run.steps.at(-1)?.name, "Policies");
  });

  // `npm test` begins with the same command as the job's next step.
  itInLongSuite("from a fork is checked, without engine, state or secret", async () => {
    const wholePullRequest = await commit(whole, edited, aLineMore);
    const run = await runner.run("check", wholePullRequest, opened(wholePullRequest));
    // A registry that keeps no advisories, as a company's own may, has no answer to `npm audit`, which then fails.
    const unanswered = (step: JobRun["steps"][number]) =>
      step.name === "Known vulnerabilities of packages" && step.output.includes("audit endpoint returned an error");
    const steps = run.steps.filter((step) => !unanswered(step));
    const output = passed({ ...run, steps, ok: steps.every(({ code }) => code === 0) });
    assert.equal(run.runsOn, "ubuntu-24.04");
    assert.match(output, /\d+ passed, 0 failed/);
  });

  it("from a fork is told what it changes: keepwww's replacement in qa, and nothing in dev", async () => {
    const run = await runner.run("preview", pullRequest, opened(pullRequest));
    passed(run);
    assert.equal(run.runsOn, "ubuntu-24.04");
    assert.match(comment(), keepwwwAlone);
    assert.match(comment(), new RegExp(`\\(compared with ${base.slice(0, 9)}\\)`));

    github.push(pullRequest);
    const said = await runner.run("comment", base, ended(pullRequest));
    assert.match(passed(said), /Pull request 42 has it\./);
    assert.deepEqual(
      github.ours.map(({ body }) => body),
      [comment()],
    );
  });

  it("is told again in the same comment, once it has another commit", async () => {
    const next = await commit(pullRequest, "platform/catalogue/microservices.ts", (text) =>
      text.replace("user: { source:", 'user: { environment: { UNICORN_WORKERS: "2" }, source:'),
    );
    const run = await runner.run("preview", next, opened(next));
    passed(run);
    // What is said belongs to the commit that was looked at.
    assert.match(
      passed(await runner.run("comment", base, ended(next))),
      /No open pull request is at that commit any more/,
    );
    github.push(next);
    assert.match(passed(await runner.run("comment", base, ended(next))), /in the place of what was there/);
    const [only, ...others] = github.ours;
    assert.deepEqual(others, []);
    assert.equal(only?.body, comment());
    assert.match(comment(), /\| ± replace \| container `user` \| envs \| – \| `"UNICORN_WORKERS=2"` \|/);
    assert.match(comment(), /\*\*dev\*\*: 1 replaced\..*\*\*qa\*\*: 2 replaced\./s);
  });

  for (const [what, file, change, sentence] of [
    [
      "would delete a data volume",
      "platform/catalogue/infrastructure.ts",
      (text: string) => text.replace('  data: { volume: "data", path: "/var/lib/mysql" },\n', ""),
      /✘ dev: keep-data: the data volume data would be deleted with all that is in it\. Fix: /,
    ],
    [
      "would publish a backend's port",
      "index.ts",
      (text: string) =>
        text.replace(
          'new Infrastructure("registrator", {\n',
          'new Infrastructure("registrator", {\n  ports: [{ container: 11211, address, port: 11211 }],\n',
        ),
      /✘ dev: private-backends: registrator publishes its port 11211\/tcp at 127\.0\.0\.1:11211, where others than the platform's services reach it\. Fix: /,
    ],
    [
      "breaks a rule of platform/check.ts",
      "Pulumi.dev.yaml",
      (text: string) =>
        text
          .replace(/mia:statusPort: .*/, 'mia:statusPort: "8500"')
          .replace(/mia:consulPort: .*/, 'mia:consulPort: "8500"'),
      /✘ dev: Pulumi\.dev\.yaml: mia:consulPort: got 8500, which is mia:statusPort too, need a port of its own\. Fix: pulumi config set mia:consulPort 8501/,
    ],
  ] as const) {
    it(`that ${what} fails with the sentence that says so`, async () => {
      const bad = await commit(base, file, change);
      const run = await runner.run("check", bad, opened(bad), "Policies");
      const policies = run.steps.find(({ name }) => name === "Policies") ?? assert.fail();
      assert.deepEqual([run.ok, policies.code], [false, 1]);
      assert.match(policies.output, sentence);
      assert.doesNotMatch(policies.output, /^\s+at /m);
    });
  }

  /** Every file that a run has left for others to read, and what its steps have said. */
  function published(run: JobRun): string {
    const files = existsSync(runner.artifacts) ? readdirSync(runner.artifacts, { recursive: true }) : [];
    const paths = files.map((file) => join(runner.artifacts, String(file))).filter((path) => statSync(path).isFile());
    return [...paths.map((path) => readFileSync(path, "utf8")), ...run.steps.map(({ output }) => output)].join("\n");
  }

  function nothingSecret(run: JobRun): void {
    const text = published(run);
    assert.ok(generated.size >= 5 && text.length > 300, `${String(generated.size)} secrets`);
    for (const secret of generated) assert.ok(!text.includes(secret), "a secret is published");
  }

  /** Every secret that a stack's state knows. */
  async function secretsOf(stack: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { stdout } = await clone.run("pulumi", ["stack", "export", "--show-secrets", "--stack", stack], env);
    for (const [, text = ""] of stdout.matchAll(/"plaintext": "((?:[^"\\]|\\.)*)"/g)) {
      const value = JSON.parse(JSON.parse(`"${text}"`) as string) as unknown;
      if (typeof value === "string" && value.length >= 8) generated.add(value);
    }
  }

  it("from the repository itself is told what Pulumi's preview of the running stack says", async () => {
    const backend = {
      PULUMI_BACKEND_URL: `file://${join(clone.home, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "of the team",
    };
    generated.add(backend.PULUMI_CONFIG_PASSPHRASE);
    const pulumi = async (...args: string[]) => {
      const { code, output } = await clone.run("pulumi", args, backend);
      assert.equal(code, 0, output);
    };
    await pulumi("stack", "init", "qa");
    await pulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    await secretsOf("qa", backend);
    const run = await runner.run("preview", pullRequest, opened(pullRequest, { secrets: backend }));
    passed(run);
    assert.equal(run.runsOn, "our-own");
    assert.match(comment(), keepwwwAlone);
    assert.match(comment(), /\*\*qa\*\*: 1 replaced\. <sub>\(preview of what runs\)<\/sub>/);
    nothingSecret(run);
    await pulumi("destroy", "--yes", "--skip-preview", "--stack", "qa");
  });

  it("with the label qa builds one image, pushes one, goes up, passes and is gone", async () => {
    // As main's own run has left it.
    await clone.git("checkout", "--quiet", "--force", "--detach", base);
    await registry.login(clone);
    const all = await clone.run("npm", ["run", "--silent", "push", "--", "--registry", registry.address]);
    assert.equal(all.code, 0, all.output);

    const secrets = { MIA_REGISTRY_PASSWORD: registry.password };
    const vars = { MIA_REGISTRY: registry.address, MIA_REGISTRY_USER: registry.user };
    const watching = watchSecrets("pr-42");
    const run = await runner.run("qa", pullRequest, opened(pullRequest, { secrets, vars }));
    await watching.end();
    passed(run);
    const push = run.steps.find(({ name }) => name === "Build what changed, and push it")?.output ?? "";
    assert.equal(
      [...push.matchAll(/ building (\S+)/g)].map(([, name]) => name).join(),
      `${registry.address}/mia-keepwww:${newTag(push)}`,
    );
    assert.equal([...push.matchAll(/ pushing (\S+)/g)].length, 1);
    assert.equal([...push.matchAll(/ is there$/gm)].length, 6);
    const qa = run.steps.find(({ name }) => name === "Up, accept, destroy")?.output ?? "";
    assert.match(qa, /✔ Stack pr-42 came up, passed \d+ tests and is gone again \(.*\)\n$/);
    assert.doesNotMatch(qa, / building /);
    nothingSecret(run);
    await onlyTheRegistryIsLeft();
  });

  function newTag(output: string): string {
    return / building \S+:(\w{12}) /.exec(output)?.[1] ?? "";
  }

  /** Notes a stack's secrets while it is there. */
  function watchSecrets(stack: string) {
    const state = {
      PULUMI_BACKEND_URL: `file://${join(clone.folder, ".mia/state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "mia",
    };
    const over = new AbortController();
    const watch = (async () => {
      while (!over.signal.aborted) {
        await secretsOf(stack, state);
        await pause(every.secrets);
      }
    })();
    const before = generated.size;
    return {
      async end() {
        over.abort();
        await watch;
        assert.ok(generated.size > before, "no secret of the stack was seen");
      },
    };
  }

  async function onlyTheRegistryIsLeft(): Promise<void> {
    const containers = await engine.must("ps", "--all", "--format", "{{.Names}}");
    assert.match(containers, /^mia-registry-shared-registry\S*$/);
  }

  itInLongSuite(
    "from a fork with the label qa goes up, passes and is gone, by images that stay on its runner's engine",
    async () => {
      await clone.run("docker", ["logout", registry.address]);
      const run = await runner.run("qa", pullRequest, opened(pullRequest));
      passed(run);
      assert.equal(run.runsOn, "ubuntu-24.04");
      assert.deepEqual(
        run.steps.map(({ name }) => name.split("@")[0]),
        ["actions/checkout", "actions/setup-node", "Up, accept, destroy", "actions/upload-artifact"],
      );
      assert.match(run.steps[2]?.output ?? "", /✔ Stack pr-42 came up, passed \d+ tests and is gone again/);
      await onlyTheRegistryIsLeft();
    },
  );

  it("with another label has no QA run", async () => {
    const contexts = opened(pullRequest);
    const event = { ...(contexts.github["event"] as object), label: { name: "bug" } };
    const run = await runner.run("qa", pullRequest, { ...contexts, github: { ...contexts.github, event } });
    assert.equal(run.ran, false);
  });

  it("is accepted by GoCD's pipelines as well", async () => {
    await clone.git("checkout", "--quiet", "--detach", pullRequest);
    await registry.login(clone);
    const { "mia-images": images, "mia-qa": qa, "mia-reap": reap } = pipelines(clone);
    assert.ok(images !== undefined && qa !== undefined && reap !== undefined);
    const env = { REGISTRY: registry.address };
    const pushed = await runStage(clone, images, "push", env);
    assert.equal(pushed.code, 0, pushed.output);
    assert.equal([...pushed.output.matchAll(/ is there$/gm)].length, 7);
    for (const [pipeline, stage] of [
      [qa, "qa"],
      [reap, "reap"],
    ] as const) {
      const { code, output } = await runStage(clone, pipeline, stage, env);
      assert.equal(code, 0, output);
    }
    await onlyTheRegistryIsLeft();
  });

  itInLongSuite("is checked by GoCD's pipeline as well", async () => {
    await clone.git("checkout", "--quiet", "--detach", whole);
    const { "mia-qa": qa = assert.fail("there is no pipeline mia-qa") } = pipelines(clone);
    const { code, output } = await runStage(clone, qa, "check", {});
    assert.equal(code, 0, output);
  });

  it("that is long gone is looked for by the reaper, on the runner that the team names", async () => {
    const run = await runner.run("reap", base, { github: { event_name: "schedule" }, vars: { MIA_RUNNER: "our-own" } });
    assert.match(passed(run), /✔ Taken away: none\./);
    assert.equal((await runner.run("reap", base, { github: { event_name: "schedule" } })).ran, false);
  });
});
