// Requires: pulumi, engine, machines.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Clone } from "./support/clone.ts";
import { type Ended, eventually } from "./support/command.ts";
import { MachineHost } from "./support/machine-host.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { within } from "../support/limits.ts";

/** A program with the project's own machine, a network and a volume, and nothing that takes long. */
const program = `import { DataVolume } from "./components/data-volume.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { Network } from "./components/network.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
const declared = stackEnvironment({});
const machine = new Machine("mia", { environment: declared, engine: await engineOf(declared) });
const environment = await machine.environment;
new Network("network", { environment, machine });
new DataVolume("data", { environment, machine });
export const engineId = machine.engineId;
`;

describe("Stacks of one clone on different machines", () => {
  let engine: OwnEngine;
  let host: MachineHost;
  let clone: Clone;

  const npm = async (...args: string[]): Promise<Ended> => {
    const ended = await clone.run("npm", ["run", "--silent", ...args]);
    assert.equal(ended.code, 0, ended.output);
    return ended;
  };
  const up = (stack: string) => clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", stack);
  const unchanged = (stack: string) => clone.mustPulumi("preview", "--stack", stack, "--expect-no-changes");
  const engineId = async (stack: string) =>
    (await clone.mustPulumi("stack", "output", "engineId", "--stack", stack)).stdout.trim();
  const all = (stack: string) => [`network mia-${stack}`, `volume mia-${stack}-data`];

  before(async () => {
    engine = await OwnEngine.shared();
    host = await MachineHost.start();
    clone = await Clone.make({ dockerHost: engine.host });
    Object.assign(clone.env, {
      MACHINE_STORAGE_PATH: join(clone.home, "machines"),
      DOCKER_CONFIG: join(clone.home, "docker"),
      PATH: [host.bin, clone.env["PATH"]].join(delimiter),
    });
    writeFileSync(join(clone.folder, "index.ts"), program);
    await clone.mustPulumi("stack", "init", "--no-select", "qa");
    for (const stack of ["here", "there"])
      await clone.mustPulumi("stack", "init", "--no-select", "--copy-config-from", "qa", stack);
    await clone.configure("there", {
      "mia:machine.driver": "docker-machine",
      "mia:machine.machineDriver": "generic",
      "mia:machine.name": "box",
      "mia:machine.options.generic-ip-address": host.address,
      "mia:machine.options.generic-ssh-key": host.key,
    });
  });

  after(async () => {
    clone.remove();
    await engine.clear();
    await host.remove();
  });

  it("come up at once, each on its own, and nothing is to be changed", async () => {
    await Promise.all(["here", "there"].map(up));
    await Promise.all(["here", "there"].map(unchanged));
    assert.deepEqual((await engine.remains()).sort(), all("here"));
    assert.deepEqual((await host.remains()).sort(), all("there"));
    assert.equal(await engineId("here"), await engine.must("info", "--format", "{{.ID}}"));
    assert.equal(await engineId("there"), await host.must("info", "--format", "{{.ID}}"));
  });

  it("are each what a shell's docker command is pointed at, which alone is changed by that", async () => {
    const ask = 'docker info --format "{{.ID}}"';
    for (const stack of ["here", "there"]) {
      const { stdout } = await clone.run("sh", ["-c", `eval "$(npm run -s env -- --stack ${stack})" && ${ask}`]);
      assert.equal(stdout.trim(), await engineId(stack));
    }
    assert.equal((await clone.run("sh", ["-c", ask])).stdout.trim(), await engineId("here"));
    assert.equal((await clone.run("docker", ["context", "ls", "--quiet"])).stdout.trim(), "default");
  });

  it("are there again where docker-machine has forgotten a computer, on which nothing of before is left", async () => {
    assert.equal((await clone.run("docker-machine", ["rm", "-y", "box"])).code, 0);
    const { stdout } = await clone.mustPulumi("preview", "--stack", "there");
    assert.match(
      stdout,
      /warning: The machine box is not there: an `up` makes it, and what runs on it is known then\./,
    );
    assert.match(stdout, /^ +\+-4 to replace$/m);
    assert.match((await up("there")).stdout, /^ +\+-4 replaced$/m);
    await unchanged("there");
    assert.deepEqual((await host.remains()).sort(), all("there"));
  });

  it("are taken away one by one, each where it lives, while the other's machine is off", async () => {
    await host.stopEngine();
    await npm("down", "--", "--stack", "here", "--yes");
    assert.deepEqual(await engine.remains(), []);
    await host.startEngine();
    await eventually(
      within.recovery,
      () => host.docker("version"),
      ({ code }) => code === 0,
    );
    assert.deepEqual((await host.remains()).sort(), all("there"));
    await npm("down", "--", "--stack", "there", "--yes");
    assert.deepEqual(await host.remains(), []);
  });
});
