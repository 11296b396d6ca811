import { type Ended, eventually } from "./command.ts";
import { within } from "../../support/limits.ts";

/** What tests do with any Docker engine of theirs. */
export abstract class TestEngine {
  /** Runs the docker command against this engine. */
  abstract docker(...args: string[]): Promise<Ended>;

  /** `docker`, for a command that has to succeed; answers with what it prints. */
  async must(...args: string[]): Promise<string> {
    const ended = await this.docker(...args);
    if (ended.code !== 0) throw new Error(`docker ${args.join(" ")}: ${ended.output}`);
    return ended.stdout.trim();
  }

  /** The names of everything that a stack could have left here: containers, networks, volumes. */
  async remains(): Promise<string[]> {
    const lists = await Promise.all([
      this.docker("ps", "--all", "--format", "container {{.Names}}"),
      this.docker("network", "ls", "--filter", "type=custom", "--format", "network {{.Name}}"),
      this.docker("volume", "ls", "--format", "volume {{.Name}}"),
    ]);
    return lists.flatMap(({ stdout }) => stdout.split("\n")).filter((line) => line !== "");
  }

  /** The name of the one container of a platform's part: those that are replaced live have a suffix. */
  async container(part: string, platform = "mia-dev"): Promise<string> {
    const filters = [`mia.platform=${platform}`, `mia.part=${part}`].flatMap((label) => ["--filter", `label=${label}`]);
    const names = (await this.docker("ps", "--all", "--format", "{{.Names}}", ...filters)).stdout.trim().split("\n");
    const [name] = names;
    if (!name || names.length > 1)
      throw new Error(`${platform} has ${names.join(" and ") || "no container"} for ${part}`);
    return name;
  }

  /** What runs, a line each: its part, its id and since when. */
  async started(): Promise<string[]> {
    const ids = (await this.must("ps", "--quiet")).split("\n");
    const format = '{{index .Config.Labels "mia.part"}} {{.Id}} {{.State.StartedAt}}';
    return (await this.must("inspect", "--format", format, ...ids)).split("\n").sort();
  }

  /** Whether all that there is runs, and is healthy where it can say so. */
  async isWell(): Promise<boolean> {
    const { code, stdout } = await this.docker("ps", "--all", "--format", "{{.Status}}");
    const all = stdout.trim().split("\n");
    return code === 0 && all.every((status) => /^Up [^(]*(\(healthy\))?$/.test(status));
  }

  /** A container's address on the platform's network, empty before it is started. */
  addressOf(container: string): Promise<string> {
    return this.must("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container);
  }

  /** Takes away what runs here, and all of its data; images stay. */
  async clear(): Promise<void> {
    const all = (await this.docker("ps", "--all", "--quiet")).stdout.split("\n").filter((id) => id !== "");
    if (all.length > 0) await this.docker("rm", "--force", "--volumes", ...all);
    await this.removeNetworks();
    const volumes = (await this.docker("volume", "ls", "--quiet")).stdout.split("\n").filter((name) => name !== "");
    if (volumes.length > 0) await this.docker("volume", "rm", "--force", ...volumes);
  }

  private async removeNetworks(): Promise<void> {
    const list = ["network", "ls", "--filter", "type=custom", "--format", "{{.Name}}"];
    const names = (await this.docker(...list)).stdout.split("\n").filter((name) => name !== "");
    for (const name of names) {
      await eventually(
        within.change,
        () => this.removeNetwork(name),
        ({ code }) => code === 0,
      );
    }
  }

  /** An engine that is very busy may forget to take a container that is gone off its network, or be late in doing so. */
  private async removeNetwork(name: string): Promise<Ended> {
    const on = await this.docker("network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", name);
    for (const gone of on.stdout.split(/\s/).filter((one) => one !== "")) {
      await this.docker("network", "disconnect", "--force", name, gone);
    }
    return this.docker("network", "rm", name);
  }
}
