// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { eventually } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { withoutSuffix } from "./support/parts.ts";
import { within } from "../support/limits.ts";

describe("A new service", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let old: string;

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    old = await golden();
    await clone.mustPulumi("stack", "select", "dev", "--create");
    const made = await clone.run("npm", ["run", "new", "--", "service", "order"]);
    assert.equal(made.code, 0, made.output);
  });

  after(async () => {
    clone.remove();
    await engine.clear();
  });

  async function golden(): Promise<string> {
    const recorded = await clone.run("node", ["review/record.ts", "dev"]);
    assert.equal(recorded.code, 0, recorded.output);
    return recorded.stdout;
  }

  it("by `npm run new -- service order` changes the golden text by exactly its lines", async () => {
    const [then, now] = [old, await golden()].map((text) => text.split("\n\n").map((block) => block.split("\n")));
    const blocks = new Map((then ?? []).map(([title, ...facts]) => [title, facts]));
    const added = (now ?? []).flatMap(([title = "", ...facts]) => {
      const known = blocks.get(title);
      blocks.delete(title);
      if (known === undefined) return [title];
      assert.deepEqual(
        known.filter((fact) => !facts.includes(fact)),
        [],
        `lost from ${title}`,
      );
      return facts.filter((fact) => !known.includes(fact)).map((fact) => `${title}: ${fact.trim()}`);
    });
    assert.deepEqual([...blocks.keys()], []);
    const image = /images\.user = (.*)/.exec(old)?.[1] ?? "";
    assert.deepEqual(added, [
      "docker:index/container:Container::order",
      "mia:platform:Gate::gate: after docker:index/container:Container::order",
      "mia:platform:Service::order",
      `outputs: images.order = ${image}`,
      "outputs: replicas.order = 1",
    ]);
  });

  it("in Node is what the README says: an entry and a folder", async () => {
    const folder = join(clone.folder, "services/greet");
    mkdirSync(folder);
    cpSync(join(clone.folder, "services/rosi_user_service/Dockerfile"), join(folder, "Dockerfile"));
    writeFileSync(join(folder, "package.json"), '{ "name": "greet", "main": "main.mjs" }\n');
    writeFileSync(
      join(folder, "main.mjs"),
      `import { createServer } from "node:http";
createServer((request, response) => {
  if (request.url === "/health") response.end();
  else response.end("Hello from " + process.env.SERVICE_3000_NAME);
}).listen(process.env.PORT);
`,
    );
    await clone.edit("platform/catalogue/microservices.ts", (text) =>
      text.replace("} satisfies", '  greet: { base: "node", source: "services/greet", uses: [] },\n} satisfies'),
    );
    assert.match((await clone.run("node_modules/.bin/tsc", [])).output, /^$/);
  });

  it("is there with the next `up`: routed, checked, shown", async () => {
    await clone.select("dev", "order", "greet");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    assert.deepEqual(await (await fetch(clone.url("http", "/order/"))).json(), { service: "order" });
    assert.equal((await fetch(clone.url("http", "/order/health"))).status, 200);
    assert.equal(await (await fetch(clone.url("http", "/greet/"))).text(), "Hello from greet");
    const status = await clone.run("node", ["toolchain/mia.mjs", "status"]);
    assert.equal(status.code, 0, status.output);
    for (const name of ["order", "greet"])
      assert.match(status.stdout, new RegExp(`^${name} +running +\\S+ \\w+ +passing`, "m"));
    await clone.mustPulumi("preview", "--expect-no-changes");
  });

  it("runs alone where the config selects it, without a backing service that it does not use", async () => {
    const running = (await engine.must("ps", "--all", "--format", "{{.Names}}")).split("\n").map(withoutSuffix);
    const selected = ["consul", "edge", "greet", "lb", "order", "registrator"];
    assert.deepEqual(
      running.sort(),
      selected.map((part) => `mia-dev-${part}`),
    );
    const outputs = JSON.parse((await clone.mustPulumi("stack", "output", "--json")).stdout) as {
      images: Record<string, string>;
      replicas: Record<string, number>;
    };
    assert.deepEqual(Object.keys(outputs.images).sort(), selected);
    assert.deepEqual(outputs.replicas, { greet: 1, order: 1 });
    assert.ok(!("rmqUrl" in outputs) && !("databaseVersion" in outputs), JSON.stringify(outputs));
    // No warning of outputs without a value.
    assert.doesNotMatch((await clone.mustPulumi("preview")).output, /warning/i);
  });

  it("in Node runs an edited file at once", async () => {
    await clone.edit("services/greet/main.mjs", (text) => text.replace("Hello", "Good day"));
    await eventually(
      within.edit,
      () => fetch(clone.url("http", "/greet/")).then((response) => response.text()),
      (text) => text === "Good day from greet",
    );
  });

  it("is registered with mia:serviceAddress under the machine's address, at a port that Docker chose", async () => {
    await clone.mustPulumi("config", "set", "mia:serviceAddress", engine.address);
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    await clone.mustPulumi("preview", "--expect-no-changes");
    await clone.mustPulumi("refresh", "--yes", "--skip-preview");
    await clone.mustPulumi("preview", "--expect-no-changes");
    const [published = ""] = (await engine.must("port", await engine.container("greet"), "3000")).split("\n");
    const services = await (await fetch(clone.url("status", "/services"))).text();
    assert.ok(published.startsWith(`${engine.address}:`) && services.includes(published), services);
    assert.equal(await (await fetch(clone.url("http", "/greet/"))).text(), "Good day from greet");
    // Docker chooses another port for a container that starts again.
    await engine.must("restart", await engine.container("greet"));
    await eventually(
      within.recovery,
      () => fetch(clone.url("http", "/greet/")),
      (response) => response.status === 200,
    );
    await clone.mustPulumi("refresh", "--yes", "--skip-preview");
    await clone.mustPulumi("preview", "--expect-no-changes");
  });

  it("with everything baked answers too", async () => {
    await clone.mustPulumi("stack", "init", "qa", "--no-select");
    const qa = await clone.useFreePorts("qa");
    await clone.select("qa", "order", "greet", "keepwww");
    await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
    const at = (path: string) =>
      fetch(`http://127.0.0.1:${String(qa.http)}${path}`).then((response) => response.text());
    assert.deepEqual([await at("/order/"), await at("/greet/")], ['{"service":"order"}', "Good day from greet"]);
    assert.match(await at("/keepwww/"), /<title>Keep<\/title>/);
    await clone.mustPulumi("preview", "--expect-no-changes", "--stack", "qa");
    await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa");
  });

  const refusals: [string[], string][] = [
    [[], "usage: npm run new -- service NAME"],
    [["service", "db"], "There is a part db already: take another name."],
    [["service", "order"], "There is a part order already: take another name."],
    [["service", "my-order"], 'The name is "my-order", need 2 to 31 letters a-z and digits, a letter first.'],
  ];
  for (const [args, sentence] of refusals) {
    it(`is refused for \`npm run new -- ${args.join(" ")}\` in one sentence`, async () => {
      const refused = await clone.run("node", ["toolchain/mia.mjs", "new", ...args]);
      assert.deepEqual([refused.code, refused.output], [1, `✘ ${sentence}\n`]);
    });
  }
});
