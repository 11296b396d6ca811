// Requires: pulumi, machines.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Clone } from "./support/clone.ts";
import { type Ended, eventually, succeed } from "./support/command.ts";
import { MachineHost } from "./support/machine-host.ts";
import { itInLongSuite } from "./support/it-in-long-suite.ts";
import { isLong } from "./support/random.ts";
import { PrivateRegistry } from "./support/private-registry.ts";
import { lastLine } from "./support/qa-run.ts";
import { within } from "../support/limits.ts";

/** QA on another computer, by each way to have one, with images of our own from a private registry. */
describe("A machine that is another computer", () => {
  let host: MachineHost;
  let clone: Clone;
  let registry: PrivateRegistry;
  let store: string;
  /** What was made in this computer's /etc/docker, where every engine looks for whom to trust. */
  let trusted: string | undefined;

  const set = (stack: string, ...args: string[]) =>
    clone.mustPulumi("config", "set", "--stack", stack, "--path", ...args);
  const npm = async (...args: string[]): Promise<Ended> => {
    const ended = await clone.run("npm", ["run", "--silent", ...args]);
    assert.equal(ended.code, 0, ended.output);
    return ended;
  };
  const unchanged = (stack: string) => clone.mustPulumi("preview", "--stack", stack, "--expect-no-changes");

  async function make(stack: string, machine: Record<string, string>): Promise<void> {
    await clone.mustPulumi("stack", "init", stack, "--copy-config-from", "qa");
    await clone.mustPulumi("config", "rm", "--stack", stack, "mia:machine");
    const values = Object.entries(machine).map(([key, value]) => [`mia:machine.${key}`, value]);
    await clone.configure(stack, Object.fromEntries(values) as Record<string, string>);
  }

  before(async () => {
    host = await MachineHost.start();
    clone = await Clone.make({});
    // The long suite runs all parts on the other computer.
    if (!isLong) await clone.reduce("keeplounge", "keepwww");
    store = join(clone.home, "machines");
    Object.assign(clone.env, {
      MACHINE_STORAGE_PATH: store,
      DOCKER_CONFIG: join(clone.home, "docker"),
      PATH: [host.bin, clone.env["PATH"]].join(delimiter),
    });
    const upstream = /^127\.0\.0\.1:(\d+)\//.exec(process.env["MIA_IMAGES"] ?? "")?.[1];
    if (upstream !== undefined) await host.forward(Number(upstream));
    await clone.mustPulumi("stack", "init", "qa");

    // At the address of this computer that the other one reaches, which no engine trusts unseen.
    registry = await PrivateRegistry.start(clone, host.gateway);
    const folder = `/etc/docker/certs.d/${registry.address}`;
    trusted = mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "ca.crt"), registry.caCertificate);
    await host.trust(registry.address, registry.caCertificate);
    await registry.use(clone, "qa");
    await registry.login(clone);
    await npm("push");
  });

  after(async () => {
    if (trusted !== undefined) rmSync(trusted, { recursive: true, force: true });
    await clone.pulumi("-C", "registry", "state", "unprotect", "--all", "--yes");
    await clone.pulumi("-C", "registry", "destroy", "--yes");
    await removeImages();
    clone.remove();
    await host.remove();
  });

  /** Takes the images that were pushed to the registry off this computer's engine. */
  async function removeImages(): Promise<void> {
    const { stdout } = await clone.run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    const pushed = stdout.split("\n").filter((name) => name.startsWith(`${registry.address}/`));
    await clone.run("docker", ["rmi", ...pushed]);
  }

  /** Up, accepted, unchanged. */
  async function works(stack: string): Promise<string> {
    const { output } = await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", stack);
    await npm("accept", "--", "--stack", stack);
    await unchanged(stack);
    return output;
  }

  describe("that docker-machine's generic driver is shown", () => {
    before(async () => {
      const machine = {
        "mia:machine.driver": "docker-machine",
        "mia:machine.machineDriver": "generic",
        "mia:machine.name": "box",
        "mia:machine.options.generic-ip-address": host.address,
        "mia:machine.options.generic-ssh-key": host.key,
      };
      await clone.configure("qa", machine, { "mia:machine.secrets.A_CLOUDS_TOKEN": "nobody sees this" });
    });

    it("has the platform with images from the registry, none of them built, and is accepted", async () => {
      const output = await works("qa");
      assert.match(output, /making the machine box/);
      assert.doesNotMatch(output, /building mia-|building \S+\/mia-/);
      const keepwww = await host.container("keepwww", "mia-qa");
      assert.match(
        await host.must("inspect", "--format", "{{.Config.Image}}", keepwww),
        new RegExp(`^${registry.address}/`),
      );
    });

    it("has secrets in no plain state, and in no file of its store", async () => {
      const { stdout } = await clone.mustPulumi("stack", "export", "--stack", "qa");
      assert.equal(stdout.includes("nobody sees this"), false);
      const seen = await clone.run("grep", ["-rl", "nobody sees this", store]);
      assert.equal(seen.stdout, "");
    });

    it("does not mind what the shell says of its own engine", async () => {
      const env = { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/nowhere" };
      const { code, output } = await clone.run(
        "pulumi",
        ["preview", "--stack", "qa", "--refresh", "--expect-no-changes"],
        env,
      );
      assert.equal(code, 0, output);
    });

    it("is back after a reboot, and nothing is to be changed", async () => {
      await host.reboot();
      await eventually(
        within.boot,
        () => clone.run("npm", ["run", "--silent", "status", "--", "--stack", "qa"]),
        ({ code }) => code === 0,
      );
      await unchanged("qa");
    });

    it("is mended by an `up` where its engine was stopped, which a preview names", async () => {
      await host.stopEngine();
      const { stdout } = await clone.mustPulumi("preview", "--stack", "qa");
      assert.match(stdout, /warning: The machine box does not do its work \(.+\): an `up` tries to put it right\./);
      const { output } = await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "qa");
      assert.match(output, /mending the machine box/);
      await unchanged("qa");
    });

    it("goes by `npm run down`, and leaves nothing on that computer", async () => {
      await npm("down", "--", "--stack", "qa", "--yes");
      assert.deepEqual(await host.remains(), []);
      assert.deepEqual(existsSync(join(store, "machines")) ? readdirSync(join(store, "machines")) : [], []);
    });
  });

  describe("that ssh reaches", () => {
    it("has the platform, is accepted, and is left with nothing, all by `npm run qa`", async () => {
      await make("by-ssh", { driver: "ssh", address: `root@${host.address}` });
      const { output } = await npm("qa", "--", "--stack", "by-ssh");
      assert.match(lastLine(output), /^✔ Stack by-ssh came up, passed \d+ tests and is gone again \(/);
      assert.deepEqual(await host.remains(), []);
    });

    it("is refused in one sentence where no engine answers there", async () => {
      await set("by-ssh", "mia:machine.address", `nobody@${host.address}`);
      const { code, output } = await clone.pulumi("preview", "--stack", "by-ssh");
      assert.notEqual(code, 0);
      const sentence = `The Docker engine at ssh://nobody@${host.address} does not answer (`;
      const way = `see that \`ssh nobody@${host.address} docker version\` works without a question, or correct mia:machine.address.`;
      assert.ok(
        output.split("\n").some((line) => line.includes(sentence) && line.includes(way)),
        output,
      );
    });
  });

  describe("that a docker context names", () => {
    const context = (name: string, endpoint: string) =>
      succeed("docker", ["context", "create", name, "--docker", endpoint], { cwd: clone.folder, env: clone.env });

    before(async () => {
      // docker-machine's own, whose engine has stayed as it was made.
      const files = ["ca", "cert", "key"].map((name) => `${name}=${join(store, "certs", `${name}.pem`)}`);
      await context("elsewhere", [`host=tcp://${host.address}:2376`, ...files].join(","));
      await make("by-context", { driver: "context", name: "elsewhere" });
    });

    it("is found with its certificates", async () => {
      const { output } = await clone.mustPulumi("preview", "--stack", "by-context");
      assert.match(output, /Container keepwww create/);
      assert.doesNotMatch(output, /warning/i);
    });

    itInLongSuite("has a platform, and is left with nothing", async () => {
      await clone.mustPulumi("up", "--yes", "--skip-preview", "--stack", "by-context");
      await unchanged("by-context");
      await npm("down", "--", "--stack", "by-context", "--yes");
      assert.deepEqual(await host.remains(), []);
    });

    it("is refused in one sentence where there is no such context", async () => {
      await set("by-context", "mia:machine.name", "colima");
      const { code, output } = await clone.pulumi("preview", "--stack", "by-context");
      assert.notEqual(code, 0);
      const sentence =
        "Pulumi.by-context.yaml: mia:machine.name: got colima, need a docker context that there is: default, elsewhere. " +
        "Fix: docker context create colima --docker host=…, or pulumi config set --path mia:machine.name default";
      assert.ok(output.includes(sentence), output);
    });

    it("is refused where code is to be mounted from this computer", async () => {
      await context("by-its-ssh", `host=ssh://root@${host.address}`);
      await set("by-context", "mia:machine.name", "by-its-ssh");
      await clone.mustPulumi("config", "set", "--stack", "by-context", "mia:kind", "development");
      const { code, output } = await clone.pulumi("preview", "--stack", "by-context");
      assert.notEqual(code, 0);
      assert.match(
        output,
        /mia:kind: got development, whose folders of this computer the machine of the context by-its-ssh \(ssh:\S+\) has not, need qa\./,
      );
    });
  });
});
