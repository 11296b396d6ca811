// Requires: pulumi, machines, virtualbox.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import { type Ended, eventually } from "./support/command.ts";
import type { MachineHost } from "./support/machine-host.ts";
import { OpenRegistry } from "./support/open-registry.ts";
import { parts } from "./support/parts.ts";
import { VirtualBox } from "./support/virtual-box.ts";
import { commandSeconds, hung, within } from "../support/limits.ts";

const frontends = ["keeplounge", "keepwww"];
/** They use no backing service. */
const running = [...frontends, "consul", "edge", "lb", "registrator"];

describe("The article's machine", () => {
  let box: VirtualBox;
  let clone: Clone;
  let registry: OpenRegistry;
  let machine: MachineHost;
  let store: string;

  const unchanged = () => clone.mustPulumi("preview", "--stack", "dev", "--expect-no-changes");
  const npm = async (...args: string[]): Promise<Ended> => {
    const ended = await clone.run("npm", ["run", "--silent", ...args]);
    assert.equal(ended.code, 0, ended.output);
    return ended;
  };

  before(async function () {
    this.timeout(hung.chain * 1000); // another file may have its turn
    box = await VirtualBox.install();
    clone = await Clone.make({});
    store = join(clone.home, "machines");
    Object.assign(clone.env, box.environment(clone.env), { MACHINE_STORAGE_PATH: store });
    await clone.mustPulumi("stack", "init", "dev");
    await clone.mustPulumi("config", "set", "--path", "mia:machine.driver", "docker-machine");
    // As the machine calls this computer.
    registry = await OpenRegistry.open("192.168.59.1");
    await registry.use(clone, "dev");
  });

  after(async () => {
    clone.remove();
    await box.remove();
    registry.close();
  });

  it("is shown with the whole platform by a preview, before there is one", async () => {
    const { stdout } = await clone.mustPulumi("preview", "--stack", "dev");
    assert.match(
      stdout,
      /warning: The machine mia is not there: an `up` makes it, and what runs on it is known then\./,
    );
    for (const part of parts) assert.match(stdout, new RegExp(`docker:index:Container +${part} +create`));
    assert.equal(box.has("mia"), false);
  });

  it("is made by the article's command line, and the platform comes up on it in the same `up`", async () => {
    // A new machine pulls and builds each image: two front ends are enough to see where the rest goes.
    await clone.reduce(...frontends);
    const { code, output } = await clone.run(
      "pulumi",
      ["up", "--yes", "--skip-preview", "--stack", "dev"],
      {},
      commandSeconds.up,
    );
    assert.equal(code, 0, output);
    assert.match(
      output,
      /docker-machine create -d virtualbox --virtualbox-memory 4096 --virtualbox-disk-size 32000 .* mia\)/,
    );
    machine = await box.machine("mia");
    const calls = box.calls().join("\n");
    assert.match(calls, /^modifyvm mia .*--memory 4096 /m);
    assert.match(calls, new RegExp(`^convertfromraw .*${String(32_000 * 1024 * 1024)}`, "m"));
    await unchanged();
  });

  it("answers at its own address, with this clone's code mounted in its services", async () => {
    const url = `http://${machine.address}:${String(clone.ports.http)}/keepwww/`;
    const page = () => fetch(url).then((response) => response.text());
    assert.match(await page(), /<h1>Keep<\/h1>/);
    await clone.edit("frontend/keep_www/index.html", (text) => text.replace("<h1>Keep</h1>", "<h1>Kept</h1>"));
    assert.match(await page(), /<h1>Kept<\/h1>/);
    const keepwww = await machine.container("keepwww");
    const mounted = await machine.must("inspect", "--format", "{{range .Mounts}}{{.Source}} {{end}}", keepwww);
    assert.ok(mounted.split(" ").includes("/mia/frontend/keep_www"), mounted);
  });

  it("is where status, logs and a shell's own docker command look", async () => {
    const { stdout } = await npm("status", "--", "--stack", "dev");
    for (const part of running) assert.match(stdout, new RegExp(`^${part} +(running|healthy) `, "m"));
    assert.match((await npm("logs", "--", "--stack", "dev", "--no-follow", "consul")).stdout, /^consul/);
    const { output } = await clone.run("sh", [
      "-c",
      'eval "$(npm run -s env -- --stack dev)" && docker info --format "{{.Name}}"',
    ]);
    assert.equal(output.trim().split("\n").at(-1), "mia");
  });

  it("is known by name, driver, address, engine and certificates in the outputs", async () => {
    const { stdout } = await clone.mustPulumi("stack", "output", "--json", "--stack", "dev");
    const { machine: said } = JSON.parse(stdout) as { machine: unknown };
    assert.deepEqual(said, {
      driver: "docker-machine",
      machineDriver: "virtualbox",
      name: "mia",
      ip: machine.address,
      engineUrl: `tcp://${machine.address}:2376`,
      certificatePath: join(store, "machines/mia"),
    });
  });

  it("has no key of its certificates in the state's plain text", async () => {
    const { stdout } = await clone.mustPulumi("stack", "export", "--stack", "dev");
    assert.equal(stdout.includes("PRIVATE KEY"), false);
  });

  it("is refused another size, since that would take its data, and nothing happens", async () => {
    await clone.mustPulumi("config", "set", "--path", "mia:machine.memoryMib", "8192");
    const { code, output } = await clone.pulumi("preview", "--stack", "dev");
    assert.notEqual(code, 0);
    const sentence =
      "Pulumi.dev.yaml: mia:machine: got --virtualbox-memory 8192 (it was made with 4096), and a machine can't be changed, only made anew without its data. " +
      "Fix: put it back, or npm run down -- --volumes, then npm run up";
    assert.ok(output.includes(sentence), output);
    await clone.mustPulumi("config", "rm", "--path", "mia:machine.memoryMib");
    await unchanged();
  });

  it("is back after a reboot with all that ran on it, and nothing is to be changed", async () => {
    await machine.reboot();
    await eventually(
      within.boot,
      () => clone.run("npm", ["run", "--silent", "status", "--", "--stack", "dev"]),
      ({ code }) => code === 0,
    );
    await unchanged();
  });

  it("that was stopped is named by a preview, and started again by an `up`", async () => {
    await machine.stop();
    const { stdout } = await clone.mustPulumi("preview", "--stack", "dev");
    assert.match(stdout, /warning: The machine mia is stopped: an `up` tries to put it right\./);
    const { output } = await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    assert.match(output, /starting the machine mia/);
    await unchanged();
  });

  it("goes with all data by `npm run down -- --volumes`, and leaves nothing", async () => {
    await npm("down", "--", "--stack", "dev", "--volumes", "--yes");
    assert.equal(box.has("mia"), false);
    assert.deepEqual(existsSync(join(store, "machines")) ? readdirSync(join(store, "machines")) : [], []);
    const { stdout } = await clone.mustPulumi("stack", "export", "--stack", "dev");
    assert.equal((JSON.parse(stdout) as { deployment: { resources?: unknown[] } }).deployment.resources, undefined);
  });
});
