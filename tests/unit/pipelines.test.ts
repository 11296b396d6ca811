import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { ownImages } from "../../delivery/own-images.ts";
import { frontends } from "../../platform/catalogue/frontends.ts";
import { microservices } from "../../platform/catalogue/microservices.ts";
import { wholeServices } from "../../platform/service.ts";
import { gocd } from "./support/gocd-schema.ts";

const root = join(import.meta.dirname, "../..");

describe("The workflows", () => {
  const folder = join(root, ".github/workflows");
  const texts = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")] as const);

  it("are six", () => {
    assert.deepEqual(texts.map(([file]) => file).sort(), [
      "check.yml",
      "comment.yml",
      "nightly.yml",
      "preview.yml",
      "qa.yml",
      "reap.yml",
    ]);
  });

  it("pin every action by its commit, one for each, and say its version", () => {
    const used = texts.flatMap(([, text]) => [...text.matchAll(/uses: (.*)/g)].map(([, what = ""]) => what));
    assert.ok(used.length > 10);
    for (const what of used) assert.match(what, /^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    assert.equal(new Set(used).size, new Set(used.map((what) => what.split("@")[0])).size);
  });

  it("give nobody more rights than to read, but the one that comments, which runs nothing of a pull request", () => {
    for (const [file, text] of texts) {
      const { on, permissions } = parse(text) as { on: object; permissions: Record<string, string> };
      const rights =
        file === "comment.yml" ? { actions: "read", contents: "read", "pull-requests": "write" } : { contents: "read" };
      assert.deepEqual(permissions, rights, file);
      assert.ok(!Object.hasOwn(on, "pull_request_target"), file);
      if (file === "comment.yml") assert.deepEqual(Object.keys(on), ["workflow_run"]);
    }
  });

  it("let no text of a pull request into a command", () => {
    for (const [file, text] of texts) {
      const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
      for (const { run = "" } of Object.values(jobs).flatMap(({ steps }) => steps))
        assert.ok(!run.includes("${{"), file);
    }
  });
});

describe("GoCD's pipelines", () => {
  const text = parse(readFileSync(join(root, ".gocd.yaml"), "utf8")) as unknown;

  it("have the format that the plugin documents", () => {
    const { issues = [] } = v.safeParse(gocd, text);
    assert.deepEqual(
      issues.map((issue) => `${v.getDotPath(issue) ?? ""}: ${issue.message}`),
      [],
    );
  });

  const { pipelines } = v.parse(gocd, text);

  it("depend on stages that are there", () => {
    for (const material of Object.values(pipelines).flatMap(({ materials }) => Object.values(materials))) {
      if (!("pipeline" in material)) continue;
      const { stages } = pipelines[material.pipeline] ?? assert.fail(material.pipeline);
      assert.ok(stages.some((stage) => Object.hasOwn(stage, material.stage)));
    }
  });

  it("push images when anything changes that these are made of", () => {
    const material = pipelines["mia-images"]?.materials["mia"];
    const includes = (material !== undefined && "includes" in material ? material.includes : undefined) ?? [];
    const services = wholeServices(microservices, frontends);
    const images = ownImages(
      { delivery: "baked", images: "", ownImages: "mia-", versions: {} },
      services,
      "linux/x86_64",
    );
    for (const file of [...images.map(({ context }) => `${context}/a/file`), "Pulumi.qa.yaml", "Pulumi.yaml"]) {
      assert.ok(
        includes.some((pattern) => matchesGlob(file, pattern)),
        file,
      );
    }
  });
});
