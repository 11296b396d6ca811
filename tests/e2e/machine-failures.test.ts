// Requires: pulumi, machines, virtualbox.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MachineError } from "../../components/machine/docker-machine/cli.ts";
import { ensureMachine, type Ready } from "../../components/machine/docker-machine/ensure.ts";
import { lookAt } from "../../components/machine/docker-machine/look.ts";
import { removeMachine } from "../../components/machine/docker-machine/remove.ts";
import { machineFolder, readRecord } from "../../components/machine/docker-machine/store.ts";
import { createFlags, type DockerMachineSettings } from "../../platform/machine.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { Clone } from "./support/clone.ts";
import { command, eventually, succeed } from "./support/command.ts";
import { MachineHost } from "./support/machine-host.ts";
import { oldEngine } from "./support/old-engine.ts";
import { freePort } from "./support/ports.ts";
import { VirtualBox } from "./support/virtual-box.ts";
import { hung, within } from "../support/limits.ts";

/** What a user sees, and what is done, of each way in which a machine fails: by docker-machine itself, without a platform. */
describe("A machine that fails", () => {
  let host: MachineHost;
  let box: VirtualBox;
  let store: string;
  const before_ = { ...process.env };
  const heard: string[] = [];

  const common = { driver: "docker-machine", binary: "docker-machine", secrets: {} } as const;
  const generic = (name: string, options: Record<string, string> = {}): DockerMachineSettings => ({
    ...common,
    name,
    machineDriver: "generic",
    options: { "generic-ip-address": host.address, "generic-ssh-key": host.key, ...options },
  });
  const virtual = (name: string, options: Record<string, string> = {}): DockerMachineSettings => ({
    ...common,
    name,
    machineDriver: "virtualbox",
    memoryMib: 1024,
    diskMib: 100,
    options,
  });

  function ensure(settings: DockerMachineSettings): Promise<Ready> {
    heard.length = 0;
    const listener = { begins: (doing: string) => void heard.push(doing), says: () => undefined };
    return ensureMachine({ settings, flags: createFlags(settings, undefined), platform: "mia-qa" }, listener);
  }

  const remove = (settings: DockerMachineSettings, id: string) => removeMachine({ settings, platform: "mia-qa" }, id);

  /** The one sentence. */
  async function refusal(settings: DockerMachineSettings): Promise<string> {
    try {
      await ensure(settings);
    } catch (error) {
      assert.ok(error instanceof MachineError, String(error));
      return error.message;
    }
    throw new Error("it was not refused");
  }

  const raw = (...args: string[]) => command("docker-machine", args, { cwd: "/", env: process.env });

  before(async function () {
    this.timeout(hung.chain * 1000); // another file may have its turn
    box = await VirtualBox.install();
    host = await MachineHost.start();
    store = mkdtempSync(join(tmpdir(), "mia-machines-"));
    Object.assign(process.env, box.environment(), { MACHINE_STORAGE_PATH: store });
  });

  after(async () => {
    for (const key of Object.keys(process.env)) if (!(key in before_)) Reflect.deleteProperty(process.env, key);
    Object.assign(process.env, before_);
    rmSync(store, { recursive: true, force: true });
    await box.remove();
    await host.remove();
  });

  describe("before there is one", () => {
    const sentences: [string, () => DockerMachineSettings, RegExp][] = [
      [
        "without docker-machine",
        () => ({ ...generic("no"), binary: "/nowhere/docker-machine" }),
        /^The machine no could not be made \(.*ENOENT\): install docker-machine \(https:\S+\), let `npm run up` bring it, or name another in mia:machine\.binary\.$/,
      ],
      [
        "of a driver that docker-machine has not",
        () => ({ ...generic("no"), machineDriver: "foo", options: {} }),
        /^The machine no could not be made \(Driver "foo" not found\..*\): correct mia:machine\.machineDriver, or install docker-machine-driver-foo\.$/,
      ],
      [
        "with another driver's flag",
        () => generic("no", { "virtualbox-cpu": "2" }),
        /^The machine no could not be made \(.*not defined: -virtualbox-cpu.*\): correct mia:machine\.options\.virtualbox-cpu\.$/,
      ],
      [
        "without an address",
        () => ({ ...generic("no"), options: {} }),
        /^The machine no could not be made \(.*requires the --generic-ip-address option\): pulumi config set --path mia:machine\.options\.generic-ip-address …$/,
      ],
      [
        "with a key that is not there",
        () => generic("no", { "generic-ssh-key": "/nope" }),
        /^The machine no could not be made \(.*SSH key does not exist.*\): correct mia:machine\.options\.generic-ssh-key\.$/,
      ],
      [
        "as a user whom the host does not let in",
        () => generic("no", { "generic-ssh-user": "nobody" }),
        /^No machine can be made at \S+, whose ssh server does not let us in \(.*denied.*\): correct mia:machine\.options\.generic-ssh-user or generic-ssh-key\.$/,
      ],
    ];
    for (const [title, settings, sentence] of sentences) {
      it(`is refused ${title} in one sentence, and nothing is left`, async () => {
        assert.match(await refusal(settings()), sentence);
        assert.equal(existsSync(machineFolder("no")), false);
      });
    }

    it("is refused in seconds where no ssh server answers, for which docker-machine would wait for minutes", async () => {
      const from = Date.now();
      const said = await refusal(generic("no", { "generic-ssh-port": String(await freePort()) }));
      assert.match(
        said,
        /^No machine can be made at \S+, whose ssh server does not let us in \(.*refused\): start it, or correct mia:machine\.options\.generic-ip-address or generic-ssh-port\.$/,
      );
      assert.ok(Date.now() - from < 20_000);
    });

    it("is refused without VirtualBox", async () => {
      const { PATH } = process.env;
      process.env["PATH"] = before_["PATH"];
      try {
        assert.match(
          await refusal(virtual("no")),
          /^The machine no could not be made \(.*VBoxManage not found.*\): install VirtualBox \(https:\S+\), or name another mia:machine\.machineDriver\.$/,
        );
      } finally {
        process.env["PATH"] = PATH;
      }
    });

    it("is refused the name of one that VirtualBox alone knows, which stays as it is", async () => {
      await succeed("VBoxManage", ["createvm", "--basefolder", store, "--name", "theirs", "--register"], {
        cwd: "/",
        env: process.env,
      });
      assert.match(
        await refusal(virtual("theirs")),
        /^The machine theirs could not be made \(.*already exists.*\): VirtualBox has a machine of that name that docker-machine does not know, and it is left alone: name another in mia:machine\.name, or rename that one\.$/,
      );
      assert.equal(box.has("theirs"), true);
      assert.equal(existsSync(machineFolder("theirs")), false);
      await box.delete("theirs");
    });

    it("shows its user that sentence alone", async () => {
      const clone = await Clone.make({});
      try {
        Object.assign(clone.env, { MACHINE_STORAGE_PATH: store });
        await clone.mustPulumi("stack", "init", "qa");
        const set = (key: string, value: string) =>
          clone.mustPulumi("config", "set", "--stack", "qa", "--path", `mia:machine.${key}`, value);
        for (const [key, value] of Object.entries({ driver: "docker-machine", machineDriver: "foo" }))
          await set(key, value);
        const { code, output } = await clone.pulumi("up", "--yes", "--skip-preview", "--stack", "qa");
        assert.notEqual(code, 0);
        assert.match(output, /^ +error: The machine mia could not be made \(Driver "foo" not found/m);
        assert.doesNotMatch(output, /\.ts:\d+|\bat .*node_modules/);
        await clone.mustPulumi("config", "rm", "--stack", "qa", "mia:machine");

        const { host: old, server } = await oldEngine();
        await clone.run("docker", ["context", "create", "old", "--docker", `host=${old}`]);
        for (const [key, value] of Object.entries({ driver: "context", name: "old" })) await set(key, value);
        const refused = await clone.pulumi("preview", "--stack", "qa");
        server.close();
        assert.ok(
          refused.output.includes(
            `The engine of the docker context old (${old}) is 19.03.15, need 20.10.10 or newer: update it, or correct mia:machine.name.`,
          ),
          refused.output,
        );
      } finally {
        clone.remove();
      }
    });
  });

  describe("of a computer that docker-machine was shown", () => {
    // systemd refuses to start an engine again that was started as often as here.
    beforeEach(() => host.run("systemctl", "reset-failed", "docker"));

    it("is made once where two want it at once", async () => {
      const [one, other] = await Promise.all([ensure(generic("box")), ensure(generic("box"))]);
      assert.equal(one.record.id, other.record.id);
      assert.equal(one.look.host, `tcp://${host.address}:2376`);
      assert.equal(heard.filter((doing) => doing.startsWith("making")).length, 1);
    });

    it("is left alone while it is well", async () => {
      await ensure(generic("box"));
      assert.deepEqual(heard, []);
    });

    it("is mended where its engine was stopped", async () => {
      await host.stopEngine();
      assert.equal((await lookAt(generic("box"))).kind, "ill");
      await ensure(generic("box"));
      assert.deepEqual(heard, ["mending the machine box"]);
    });

    it("gets certificates again where they are lost", async () => {
      renameSync(join(store, "certs/key.pem"), join(store, "certs/lost.pem"));
      await ensure(generic("box"));
      assert.equal((await lookAt(generic("box"))).kind, "well");
    });

    it("is mended where its making was killed midway", async () => {
      const record = readRecord("box");
      await raw("rm", "-y", "box");
      // As it was before it was a machine.
      const drop = "rm /etc/docker/*.pem /etc/systemd/system/docker.service.d/10-machine.conf";
      await host.run("sh", "-c", `${drop} && systemctl daemon-reload && systemctl restart docker`);
      const args = ["create", ...createFlags(generic("box"), undefined), "box"];
      const child = spawn("docker-machine", args, { env: process.env, stdio: "ignore" });
      await eventually(
        within.recovery,
        () => Promise.resolve(existsSync(join(machineFolder("box"), "config.json"))),
        Boolean,
      );
      child.kill("SIGKILL");
      assert.notEqual((await lookAt(generic("box"))).kind, "well");
      const { record: now } = await ensure(generic("box"));
      assert.deepEqual(heard, ["mending the machine box"]);
      // Who has begun it is not known: it is nobody's to take away.
      assert.notEqual(now.id, record?.id);
      assert.equal(now.made, false);
    });

    it("is not taken away where we have not made it", async () => {
      const { record } = await ensure(generic("box"));
      assert.match((await remove(generic("box"), record.id)) ?? "", /^the machine box was there before, so it stays$/);
      assert.equal((await lookAt(generic("box"))).kind, "well");
    });

    it("is named with the way out where docker-machine can't read it", async () => {
      writeFileSync(join(machineFolder("box"), "config.json"), "broken");
      assert.match(
        await refusal(generic("box")),
        /^The machine box can't be read by docker-machine \(.+\): `docker-machine rm --force box` forgets it, and nothing else\.$/,
      );
      await raw("rm", "--force", "box");
    });

    it("is named where its computer is off", async () => {
      await ensure(generic("box"));
      await host.stop();
      assert.match(
        await refusal(generic("box")),
        /^The machine box is stopped and can't be started \(.*does not support start\): switch its computer on, then try again\.$/,
      );
      await host.start();
      await ensure(generic("box"));
    });

    it("is taken away where we have made it, only that one, and not while somebody else lives on it", async () => {
      const { record } = await ensure(generic("box"));
      const image = `${process.env["MIA_IMAGES"] ?? ""}hashicorp/consul-template:0.41.1`;
      await host.load(image);
      const id = await host.must("create", "--label", "mia.platform=mia-other", image);
      assert.equal(await remove(generic("box"), record.id), "the machine box stays, since mia-other lives on it too");
      await host.must("rm", id);
      assert.equal(await remove(generic("box"), "another"), "the machine box is another by now");
      assert.equal(await remove(generic("box"), record.id), undefined);
      assert.deepEqual(readdirSync(join(store, "machines")), []);
      assert.equal(await remove(generic("box"), record.id), "the machine box is not ours, or is gone already");
    });
  });

  describe("of VirtualBox", () => {
    itInLongSuite("is made again where VirtualBox has it no more", async () => {
      const { record } = await ensure(virtual("gone"));
      await box.delete("gone");
      assert.equal((await lookAt(virtual("gone"))).kind, "gone");
      const again = await ensure(virtual("gone"));
      assert.equal(heard[0], "removing the machine gone");
      assert.notEqual(again.record.id, record.id);
    });

    it("is mended where its address is another by now", async () => {
      await ensure(virtual("gone"));
      const machine = await box.machine("gone");
      await machine.move();
      const look = await lookAt(virtual("gone"));
      assert.equal(look.kind, "ill");
      const { look: now } = await ensure(virtual("gone"));
      assert.equal(now.host, `tcp://${machine.address}:2376`);
    });

    itInLongSuite("is replaced by one of another size only where the config names it", async () => {
      const { record } = await ensure(virtual("gone"));
      const larger = { ...virtual("gone"), memoryMib: 1536 };
      assert.equal((await ensure(larger)).record.id, record.id);
      const { record: now } = await ensure({ ...larger, replace: record.id.slice(0, 8) });
      assert.notEqual(now.id, record.id);
      assert.deepEqual(now.flags.slice(2, 4), ["--virtualbox-memory", "1536"]);
      await remove(larger, now.id);
      assert.equal(box.has("gone"), false);
    });
  });
});
