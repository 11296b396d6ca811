import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { command, type Ended, eventually, succeed } from "./command.ts";
import { freePort } from "./ports.ts";
import { isRunning, kill } from "./processes.ts";
import { StartedCommand } from "./started-command.ts";
import { commandSeconds, within } from "../../support/limits.ts";

const root = resolve(import.meta.dirname, "../../..");

/** The host ports of one stack. */
export interface Ports {
  http: number;
  status: number;
  consul: number;
  consulServer: number;
  consulDns: number;
  rmqManagement: number;
}

/**
 * A clone of this repository as it is in the working tree, in a folder and with a HOME, PULUMI_HOME and state of its
 * own: where a test is a user.
 */
export class Clone {
  readonly home: string;
  readonly folder: string;
  /** What every CI sets, and where the tools are. */
  readonly env: NodeJS.ProcessEnv;
  ports: Ports = { http: 0, status: 0, consul: 0, consulServer: 0, consulDns: 0, rmqManagement: 0 };

  private constructor(home: string, dockerHost: string | undefined) {
    this.home = home;
    this.folder = join(home, "my clone");
    this.env = cleanEnvironment(home, dockerHost);
  }

  /** Makes the clone; `packages` says whether it gets a copy of this one's node_modules at once. */
  static async make({ dockerHost, packages = true }: { dockerHost?: string; packages?: boolean }): Promise<Clone> {
    sweepClones();
    const clone = new Clone(mkdtempSync(join(tmpdir(), "mia-clone-")), dockerHost);
    const { home, folder, env } = clone;
    writeFileSync(join(home, "owner"), String(process.pid));
    mkdirSync(join(home, "state"));
    await succeed("git", ["clone", "--quiet", root, folder], { cwd: home, env });
    await clone.overlay();
    clone.ports = await freePorts();
    await clone.usePorts("dev", clone.ports);
    await clone.usePorts("qa", await freePorts());
    await clone.commit();
    if (packages) {
      // Links where that can be done, else copies.
      const links = await command("cp", ["-al", join(root, "node_modules"), join(folder, "node_modules")], {
        cwd: home,
        env,
      });
      if (links.code !== 0) await succeed("cp", ["-a", join(root, "node_modules"), folder], { cwd: home, env });
      // As `npm ci` does by the script "prepare".
      await succeed("node", ["toolchain/stack-file-filter.mjs", "--install"], { cwd: folder, env });
    }
    return clone;
  }

  /** Lays what the working tree has and the last commit has not over the clone. */
  private async overlay(): Promise<void> {
    const options = { cwd: root, env: process.env };
    const changed = await succeed("git", ["diff", "--name-only", "HEAD"], options);
    const untracked = await succeed("git", ["ls-files", "--others", "--exclude-standard"], options);
    for (const file of `${changed.stdout}${untracked.stdout}`.split("\n").filter((name) => name !== "")) {
      const [from, to] = [join(root, file), join(this.folder, file)];
      mkdirSync(dirname(to), { recursive: true });
      if (existsSync(from)) cpSync(from, to);
      else rmSync(to);
    }
  }

  /** Gives a stack ports of its own, as a user would by `pulumi config set`. */
  async useFreePorts(stack: string): Promise<Ports> {
    const ports = await freePorts();
    await this.usePorts(stack, ports);
    return ports;
  }

  /** Those that a stack does not publish stay so. */
  async usePorts(stack: string, ports: Ports): Promise<void> {
    await this.edit(`Pulumi.${stack}.yaml`, (text) =>
      Object.entries(ports).reduce((edited, [name, port]) => {
        const of = ["http", "status", "consul"].includes(name) ? "" : "[1-9]";
        return edited.replace(new RegExp(`(mia:${name}Port: )"${of}.*`), `$1"${String(port)}"`);
      }, text),
    );
  }

  /** Sets config of a stack by one command: each Pulumi command takes half a second of CPU time. */
  async configure(
    stack: string,
    plain: Readonly<Record<string, string>>,
    secret: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const flags = (flag: string, values: object) =>
      Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${String(value)}`]);
    const values = [...flags("--plaintext", plain), ...flags("--secret", secret)];
    await this.mustPulumi("config", "set-all", "--stack", stack, "--path", ...values);
  }

  /** Edits a file of the clone; fails where nothing changes. */
  async edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.folder, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${file} changed nothing`);
    writeFileSync(path, after);
    return Promise.resolve();
  }

  /**
   * Lets both stacks run these services alone, and `user` use the database alone. OpenSearch and RabbitMQ cost most of an `up`,
   * and only tests of the whole platform need them. Without RabbitMQ the service's publisher can't run.
   */
  async reduce(...services: string[]): Promise<void> {
    await this.edit("platform/catalogue/microservices.ts", (text) =>
      text.replace('["db", "memcache", "rmq", "consul", "elastic"]', '["db", "consul"]'),
    );
    rmSync(join(this.folder, "services/rosi_user_service/bin/bootstrap/compose/start_consumers"));
    for (const stack of ["dev", "qa"]) await this.select(stack, ...services);
  }

  /** Lets a stack run these services alone, and commits that with all other edits. */
  async select(stack: string, ...services: string[]): Promise<void> {
    const selection = `config:\n  mia:services: [${services.join(", ")}]\n`;
    await this.edit(`Pulumi.${stack}.yaml`, (text) => text.replace(/^config:\n( {2}mia:services: .*\n)?/m, selection));
    await this.commit();
  }

  /** Commits what was edited. */
  private async commit(): Promise<void> {
    const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    await this.git("add", "--all");
    await this.git(...author, "commit", "--quiet", "--allow-empty", "--message=test");
  }

  /** Gives the catalogue's `user` four workers and this variable, in the place of what an earlier call gave it. */
  editUser(name: string, value: string, more = ""): Promise<void> {
    const environment = `{ UNICORN_WORKERS: "4", ${name}: "${value}" }`;
    return this.edit("platform/catalogue/microservices.ts", (text) =>
      text.replace(
        /user: \{.*source: "services\/rosi_user_service", uses: everything \}/s,
        `user: { environment: ${environment},${more} source: "services/rosi_user_service", uses: everything }`,
      ),
    );
  }

  git(...args: string[]): Promise<Ended> {
    return succeed("git", args, { cwd: this.folder, env: this.env });
  }

  /** What git would commit: empty when nothing tracked has changed and nothing untracked lies about. */
  async status(): Promise<string> {
    return (await this.git("status", "--porcelain")).stdout;
  }

  pulumi(...args: string[]): Promise<Ended> {
    return command("pulumi", args, { cwd: this.folder, env: this.env });
  }

  /** `pulumi`, for a command that has to succeed. */
  async mustPulumi(...args: string[]): Promise<Ended> {
    return succeed("pulumi", args, { cwd: this.folder, env: this.env });
  }

  /**
   * Starts an `up` and kills it as soon as something is so. The program that it runs then has to end by itself; what else
   * it has started does so only after minutes, and is ended here.
   */
  async killUp(isIt: (output: string) => boolean | Promise<boolean>): Promise<void> {
    const up = this.start("pulumi", ["up", "--yes", "--skip-preview"]);
    await eventually(within.boot, async () => up.hasEnded || (await isIt(up.output)), Boolean);
    if (up.hasEnded) throw new Error(`the up has ended already:\n${up.output}`);
    const [cli, ...started] = up.family();
    if (cli !== undefined) kill(cli);
    await up.ended();
    try {
      const programs = started.filter(({ commandLine }) => commandLine.includes("@pulumi/pulumi/cmd/run"));
      if (programs.length === 0) throw new Error("the up had not started the program yet");
      await eventually(
        within.change,
        () => Promise.resolve(programs.filter(isRunning)),
        (left) => left.length === 0,
      );
    } finally {
      started.filter(isRunning).forEach(kill);
    }
  }

  /** Starts a command that is looked at while it goes on. */
  start(name: string, args: readonly string[]): StartedCommand {
    return new StartedCommand(name, args, { cwd: this.folder, env: this.env });
  }

  run(
    name: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
    seconds: number = commandSeconds.usual,
  ): Promise<Ended> {
    return command(name, args, { cwd: this.folder, env: { ...this.env, ...env }, seconds });
  }

  /**
   * Makes this clone another user's, who then works on the state of `owner`; with copies of the tools, which may lie where
   * only root can look.
   */
  async giveTo(user: string, owner: Clone): Promise<void> {
    const tools = join(this.home, "tools");
    mkdirSync(tools, { mode: 0o755 });
    const pulumi = dirname(await this.which("pulumi"));
    const node = dirname(await this.which("node"));
    const plugins = join(this.env["PULUMI_HOME"] ?? "", "plugins");
    for (const [from, to] of [
      [pulumi, "pulumi"],
      [node, "node"],
      [`${plugins}/.`, "plugins"],
    ] as const) {
      await this.run("cp", ["-aL", from, join(tools, to)]);
    }
    rmSync(plugins);
    symlinkSync(join(tools, "plugins"), plugins);
    // The packages are links to files that are not this clone's alone.
    const script = `find "$1" -name node_modules -prune -o -exec chown -h ${user} {} + && chmod -R go+rwX "$2" && chmod go+x "$3"`;
    await succeed("sh", ["-c", script, "sh", this.home, join(owner.home, "state"), owner.home], {
      cwd: "/",
      env: process.env,
    });
    this.env["PATH"] = [join(tools, "pulumi"), join(tools, "node"), this.env["PATH"]].join(delimiter);
    this.env["PULUMI_BACKEND_URL"] = owner.env["PULUMI_BACKEND_URL"];
  }

  /** Runs a command as another user. */
  as(user: string, name: string, args: string[]): Promise<Ended> {
    return this.run("setpriv", [`--reuid=${user}`, "--regid=nogroup", "--clear-groups", name, ...args]);
  }

  private async which(name: string): Promise<string> {
    return (await this.run("sh", ["-c", `command -v ${name}`])).stdout.trim();
  }

  url(port: keyof Ports, path = "/"): string {
    return `http://127.0.0.1:${String(this.ports[port])}${path}`;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** An environment without what our own set-up has put into it, as a user's is before. */
export function withoutOurTools(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /[/\\](\.mia|mia)[/\\]|node_modules[/\\]\.bin/;
  const kept = Object.entries(env).filter(
    ([name]) => !/^(PULUMI_|MIA_|npm_|INIT_CWD|NODE(_COMPILE_CACHE)?$)/.test(name),
  );
  const path = (env["PATH"] ?? "").split(delimiter).filter((folder) => !ours.test(`${folder}/`));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

/** The environment of somebody who has Pulumi and Docker, and nothing of ours but what the test's own set-up found. */
function cleanEnvironment(home: string, dockerHost: string | undefined): NodeJS.ProcessEnv {
  const pulumiHome = join(home, ".pulumi");
  mkdirSync(pulumiHome);
  // Where plugins can't be downloaded, this machine's stand for those that a download would bring.
  const plugins = join(process.env["PULUMI_HOME"] ?? "", "plugins");
  if (process.env["PULUMI_HOME"] !== undefined && existsSync(plugins))
    symlinkSync(plugins, join(pulumiHome, "plugins"));
  const tools = [
    "PATH",
    "LANG",
    "MIA_IMAGES",
    "PULUMI_SKIP_UPDATE_CHECK",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
  ];
  // How this machine reaches the network is the machine's, not the user's.
  const network = Object.keys(process.env).filter((name) => /cert|ca_bundle|cainfo|proxy/i.test(name));
  const kept = [...tools, ...network];
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    HOME: home,
    CI: "true",
    npm_config_cache: process.env["npm_config_cache"] ?? npmCache(),
    npm_config_userconfig: join(process.env["HOME"] ?? "", ".npmrc"),
    PULUMI_HOME: pulumiHome,
    // As the README tells those who keep their state in files.
    PULUMI_BACKEND_URL: `file://${join(home, "state")}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase of the test's own",
    // Pulumi's programs collect their garbage seldom, and Node keeps compiled code: a preview takes a fifth less CPU time.
    GOGC: "400",
    NODE_COMPILE_CACHE: join(home, "compiled"),
    ...(dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost }),
  };
}

function npmCache(): string {
  return join(process.env["HOME"] ?? "", ".npm");
}

/** What runs that were killed have left: folders whose owner is gone. */
function sweepClones(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => /^mia-(clone|cold)-/.test(entry))) {
    const owner = join(tmpdir(), name, "owner");
    if (!existsSync(owner) || existsSync(`/proc/${readFileSync(owner, "utf8")}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Ports of this machine that nobody listens on. */
async function freePorts(): Promise<Ports> {
  const [http, status, consul, consulServer, consulDns, rmqManagement] = await Promise.all(
    ([0, 0, 0, 0, 0, 0] as const).map(freePort),
  );
  return { http, status, consul, consulServer, consulDns, rmqManagement } as Ports;
}
