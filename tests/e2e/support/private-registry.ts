import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clone } from "./clone.ts";
import { succeed } from "./command.ts";
import type { OwnEngine } from "./own-engine.ts";
import { freePort } from "./ports.ts";

/** Of an image that an engine pushes: an index of OCI where it keeps images in containerd, else Docker's own. */
export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** The registry of `registry/`, run by a clone on its engine. */
export class PrivateRegistry {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  /** Whom clients have to trust. */
  readonly caCertificate: string;

  private constructor(outputs: { address: string; user: string; password: string; caCertificate: string }) {
    this.address = outputs.address;
    this.user = outputs.user;
    this.password = outputs.password;
    this.caCertificate = outputs.caCertificate;
  }

  /** At an address of this machine; every engine trusts 127.0.0.1 unseen. */
  static async start(clone: Clone, at = "127.0.0.1"): Promise<PrivateRegistry> {
    const pulumi = async (...args: string[]) => (await clone.mustPulumi("-C", "registry", ...args)).stdout;
    await pulumi("stack", "init", "shared");
    const values = [`mia-registry:port=${String(await freePort())}`, `mia-registry:publishAddress=${at}`];
    await pulumi("config", "set-all", ...values.flatMap((value) => ["--plaintext", value]));
    await pulumi("up", "--yes", "--skip-preview");
    return new PrivateRegistry(
      JSON.parse(await pulumi("stack", "output", "--json", "--show-secrets")) as PrivateRegistry,
    );
  }

  /** Another, without a login, that has room for next to nothing; says how to take it away. */
  static async small(engine: OwnEngine): Promise<{ address: string; remove: () => Promise<string> }> {
    const address = `127.0.0.1:${String(await freePort())}`;
    const image = `${process.env["MIA_IMAGES"] ?? ""}registry:2.8.3`;
    const args = ["--publish", `${address}:5000`, "--tmpfs", "/var/lib/registry:size=4m", image];
    const id = await engine.must("run", "--detach", ...args);
    return { address, remove: () => engine.must("rm", "--force", id) };
  }

  /** Tells a stack of a clone to keep its images here. */
  async use(clone: Clone, stack: string): Promise<void> {
    const plain = { "mia:registry.address": this.address, "mia:registry.user": this.user };
    await clone.configure(stack, plain, { "mia:registry.password": this.password });
  }

  /** Logs the docker command of a clone's user in. */
  async login(clone: Clone): Promise<void> {
    const args = ["login", "--username", this.user, "--password", this.password, this.address];
    await succeed("docker", args, { cwd: clone.folder, env: clone.env });
  }

  /** Copies upstream images into it, so that an engine needs nothing else, and returns what `mia:images` is then. */
  async mirror(clone: Clone, engine: OwnEngine, isNeeded: (image: string) => boolean): Promise<string> {
    const { equivalents } = JSON.parse(
      readFileSync(join(clone.folder, "toolchain/offline/images/equivalents.json"), "utf8"),
    ) as { equivalents: { image: string }[] };
    const to = `${this.address}/mirror/`;
    for (const { image } of equivalents.filter((one) => isNeeded(one.image))) {
      const upstream = `${process.env["MIA_IMAGES"] ?? ""}${image}`;
      await engine.must("pull", upstream);
      await engine.must("tag", upstream, `${to}${image}`);
      await clone.run("docker", ["push", `${to}${image}`]);
    }
    return to;
  }

  /** The names of a repository's tags. */
  async tags(clone: Clone, repository: string): Promise<string[]> {
    const asked = await this.ask(clone, `${repository}/tags/list`, "--fail");
    return (JSON.parse(asked || "{}") as { tags?: string[] | null }).tags ?? [];
  }

  /** Makes it lose an image. */
  async lose(clone: Clone, repository: string, tag: string): Promise<void> {
    const accept = ["-H", `Accept: ${manifestTypes}`];
    const head = await this.ask(clone, `${repository}/manifests/${tag}`, "--head", "--fail", ...accept);
    const digest = /^docker-content-digest: (\S+)/im.exec(head)?.[1] ?? "";
    await this.ask(clone, `${repository}/manifests/${digest}`, "--request", "DELETE", "--fail");
  }

  private async ask(clone: Clone, path: string, ...args: string[]): Promise<string> {
    const auth = Buffer.from(`${this.user}:${this.password}`).toString("base64");
    const words = ["-sSk", "-H", `Authorization: Basic ${auth}`, ...args, `https://${this.address}/v2/${path}`];
    return (await clone.run("curl", words)).stdout;
  }
}
