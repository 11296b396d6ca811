// Requires: pulumi, machines, virtualbox.

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { Clone } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { OpenRegistry } from "./support/open-registry.ts";
import { VirtualBox } from "./support/virtual-box.ts";
import { hung } from "../support/limits.ts";

/** A program with the project's own machine and one of each that lives on it, and nothing that takes long. */
const program = `import { replica } from "./components/container.ts";
import { DataVolume } from "./components/data-volume.ts";
import { Infrastructure } from "./components/infrastructure.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { Network } from "./components/network.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
import { memcache } from "./platform/catalogue/infrastructure.ts";
const declared = stackEnvironment({});
const machine = new Machine("mia", { environment: declared, engine: await engineOf(declared) });
const environment = await machine.environment;
const network = new Network("network", { environment, machine });
new DataVolume("data", { environment, machine });
const part = new Infrastructure("memcache", { environment, network, definition: memcache });
replica("live", "live", { network, image: part.imageName, memoryMib: 64, stopSeconds: 1 }, { parent: network });
export const engineId = machine.engineId;
`;

/** What is on a machine whose stack is up. */
const all = [/^container mia-qa-live-\w+$/, /^container mia-qa-memcache$/, /^network mia-qa$/, /^volume mia-qa-data$/];

/** What becomes of a stack whose machine is there no more, or is to be another. */
describe("A stack whose machine", () => {
  let box: VirtualBox;
  let clone: Clone;
  let registry: OpenRegistry;
  let store: string;

  const set = (key: string, value: string, stack = "qa") =>
    clone.mustPulumi("config", "set", "--stack", stack, "--path", `mia:machine.${key}`, value);
  const preview = (stack = "qa") => clone.pulumi("preview", "--stack", stack);
  const up = (stack = "qa") => clone.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  const unchanged = (stack = "qa") => clone.mustPulumi("preview", "--stack", stack, "--expect-no-changes");

  function succeeds({ code, output }: Ended): string {
    assert.equal(code, 0, output);
    return output;
  }

  /** Up, with all of it there once, and nothing to be changed. */
  async function isThere(): Promise<void> {
    const there = (await (await box.machine("mia")).remains()).sort();
    assert.equal(there.length, all.length, there.join(", "));
    for (const [i, one] of all.entries()) assert.match(there[i] ?? "", one);
    await unchanged();
  }

  before(async function () {
    this.timeout(hung.chain * 1000); // another file may have its turn
    box = await VirtualBox.install();
    clone = await Clone.make({});
    store = join(clone.home, "machines");
    Object.assign(clone.env, box.environment(clone.env), { MACHINE_STORAGE_PATH: store });
    writeFileSync(join(clone.folder, "index.ts"), program);
    await clone.mustPulumi("stack", "init", "qa");
    await clone.configure("qa", {
      "mia:machine.driver": "docker-machine",
      "mia:machine.memoryMib": "1024",
      "mia:machine.diskMib": "4096",
      // Another than other tests' machines are in, so that those can run at the same time.
      "mia:machine.options.virtualbox-hostonly-cidr": "192.168.61.1/24",
    });
    registry = await OpenRegistry.open("192.168.61.1");
    await registry.use(clone, "qa");
    succeeds(await up());
    await isThere();
  });

  after(async () => {
    clone.remove();
    await box.remove();
    registry.close();
  });

  /** A preview that shows all of it made anew, and an `up` that does it. */
  async function isMadeAnew(why: string): Promise<void> {
    const shown = succeeds(await preview());
    assert.ok(
      shown.includes(`warning: The machine mia ${why}: an \`up\` makes it, and what runs on it is known then.`),
      shown,
    );
    assert.match(shown, /^ +\+-6 to replace$/m);
    const done = succeeds(await up());
    assert.match(done, /^ +\+-6 replaced$/m);
    await isThere();
  }

  itInLongSuite(
    "was removed by docker-machine is shown anew by a preview, and is there again after an `up`",
    async () => {
      await clone.run("docker-machine", ["rm", "-y", "mia"]);
      assert.equal(box.has("mia"), false);
      await isMadeAnew("is not there");
    },
  );

  it("was deleted in VirtualBox is there again as well", async () => {
    await box.delete("mia");
    await isMadeAnew("is not there");
  });

  it("is shared with another is refused a machine of another size, also where the config confirms that", async () => {
    await clone.mustPulumi("stack", "init", "--no-select", "--copy-config-from", "qa", "qa-2");
    succeeds(await up("qa-2"));
    await set("memoryMib", "1536");
    const refused = await preview();
    assert.notEqual(refused.code, 0);
    const sentence =
      /Pulumi\.qa\.yaml: mia:machine: got --virtualbox-memory 1536 \(it was made with 1024\), and a machine can't be changed, only made anew without its data\. Fix: put it back, or pulumi config set --path mia:machine\.replace (\w{8})$/m;
    const id = sentence.exec(refused.output)?.[1] ?? assert.fail(refused.output);
    await set("replace", id);
    for (const ended of [await preview(), await up()]) {
      assert.notEqual(ended.code, 0);
      assert.match(
        ended.output,
        /error: The machine mia can't be replaced, since mia-qa-2 lives on it too: take that down first\.$/m,
      );
    }
  });

  it("is shared with another keeps it when one of them goes, which leaves nothing there", async () => {
    const { output } = await clone.mustPulumi("destroy", "--yes", "--skip-preview", "--stack", "qa-2");
    assert.match(output, /the machine mia stays, since mia-qa lives on it too/);
    assert.equal((await (await box.machine("mia")).remains()).length, all.length);
  });

  it("is to have another size is made anew with all that is on it once the config confirms that", async () => {
    await isMadeAnew("is replaced, with all of its data");
    assert.match(box.calls().join("\n"), /^modifyvm mia .*--memory 1536 /m);
  });

  it("goes with it by `npm run down`, and leaves nothing", async () => {
    const { code, output } = await clone.run("npm", ["run", "--silent", "down", "--", "--stack", "qa", "--yes"]);
    assert.equal(code, 0, output);
    assert.equal(box.has("mia"), false);
    assert.deepEqual(readdirSync(join(store, "machines")), []);
    const { stdout } = await clone.mustPulumi("stack", "export", "--stack", "qa");
    assert.equal((JSON.parse(stdout) as { deployment: { resources?: unknown[] } }).deployment.resources, undefined);
  });
});
