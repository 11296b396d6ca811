import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { command, succeed } from "./command.ts";
import { hostImage, MachineHost, ownerLabel, ownFolder, recipe, sweep } from "./machine-host.ts";
import { turn } from "./turn.ts";

const options = { cwd: "/", env: process.env };

/**
 * What stands in for VirtualBox, which is never run here: a `VBoxManage` for the PATH of whoever runs docker-machine, whose
 * virtual machines are containers.
 */
export class VirtualBox {
  private readonly folder: string;
  private readonly giveBack: () => void;

  private constructor(folder: string, giveBack: () => void) {
    this.folder = folder;
    this.giveBack = giveBack;
  }

  /** Waits for its turn: the network of VirtualBox's that docker-machine makes is the same for all. */
  static async install(): Promise<VirtualBox> {
    const giveBack = await turn("virtualbox");
    await sweep();
    const box = new VirtualBox(ownFolder("mia-virtualbox-"), giveBack);
    const { folder } = box;
    for (const name of ["vms", "nets"]) mkdirSync(join(folder, name));
    const settings = {
      image: await hostImage(),
      owner: `${ownerLabel}=${String(process.pid)}`,
      create: join(recipe, "create"),
    };
    writeFileSync(
      join(folder, "settings"),
      Object.entries(settings)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(""),
    );
    copyFileSync(join(recipe, "VBoxManage"), join(folder, "bin/VBoxManage"));
    chmodSync(join(folder, "bin/VBoxManage"), 0o755);
    writeFileSync(join(folder, "boot2docker.iso"), "not one");
    return box;
  }

  /** For who runs docker-machine: where VBoxManage is, no look at this computer's processor, and no download of an image. */
  environment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    return {
      ...env,
      PATH: [join(this.folder, "bin"), env["PATH"]].join(delimiter),
      VIRTUALBOX_NO_VTX_CHECK: "true",
      VIRTUALBOX_BOOT2DOCKER_URL: `file://${join(this.folder, "boot2docker.iso")}`,
    };
  }

  /** What VBoxManage was called with, in order. */
  calls(): string[] {
    const file = join(this.folder, "calls");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  /** A virtual machine that runs. */
  machine(name: string): Promise<MachineHost> {
    return MachineHost.at(this.container(name), this.folder);
  }

  /** Whether there is one of this name, running or not. */
  has(name: string): boolean {
    return existsSync(join(this.folder, "vms", name));
  }

  /** Deletes one as a user would in VirtualBox, without docker-machine. */
  async delete(name: string): Promise<void> {
    await succeed(join(this.folder, "bin/VBoxManage"), ["unregistervm", "--delete", name], options);
  }

  /** Takes it away with all of its machines and networks. */
  async remove(): Promise<void> {
    const ours = ["--all", "--quiet", "--filter", `name=^${basename(this.folder)}-`];
    const { stdout } = await succeed("docker", ["container", "ls", ...ours], options);
    for (const id of stdout.split("\n").filter(Boolean))
      await command("docker", ["rm", "--force", "--volumes", id], options);
    const nets = await succeed("docker", ["network", "ls", ...ours.slice(1)], options);
    for (const id of nets.stdout.split("\n").filter(Boolean)) await command("docker", ["network", "rm", id], options);
    rmSync(this.folder, { recursive: true, force: true });
    this.giveBack();
  }

  private container(name: string): string {
    return `${basename(this.folder)}-${name}`;
  }
}
