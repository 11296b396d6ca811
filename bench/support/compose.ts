import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, succeed } from "../../tests/e2e/support/command.ts";
import type { OwnEngine } from "../../tests/e2e/support/own-engine.ts";
import type { Declared, Part } from "./declared.ts";
import { filesOf, usersCommand } from "./files.ts";

/** Docker Compose with a platform that is declared elsewhere: what a user would pick instead. */
export class Compose {
  private readonly folder: string;
  private readonly engine: OwnEngine;
  private readonly platform: Declared;
  private readonly interval: string | undefined;

  /** Writes its file into a folder; health checks are asked at another interval than is declared, where one is given. */
  constructor(engine: OwnEngine, platform: Declared, folder: string, interval?: string) {
    this.engine = engine;
    this.interval = interval;
    this.platform = platform;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    // What it would take for a variable is none.
    writeFileSync(join(folder, "compose.yaml"), JSON.stringify(this.file(), null, 2).replaceAll("$", "$$$$"));
  }

  run(...args: string[]): Promise<Ended> {
    const [command = "docker", ...words] = (process.env["MIA_COMPOSE"] ?? "docker compose").split(" ");
    const env = { ...process.env, DOCKER_HOST: this.engine.host };
    return succeed(command, [...words, "--project-name", this.platform.name, ...args], { cwd: this.folder, env });
  }

  private file(): object {
    const { name, parts, volumes } = this.platform;
    const services = parts.map((part) => [keyOf(part.name), this.service(part)] as const);
    return {
      services: Object.fromEntries(services),
      networks: { platform: { name } },
      volumes: Object.fromEntries(volumes.map((volume) => [volume, { name: volume }])),
    };
  }

  private service(part: Part): object {
    const { inputs, after } = part;
    const files = [...filesOf(this.platform, part, this.folder)].map(([path, file]) => `${file}:${path}:ro`);
    const mounts = (inputs.volumes ?? []).map(({ volumeName, hostPath, containerPath }) => {
      return `${volumeName ?? hostPath ?? ""}:${containerPath}`;
    });
    return {
      image: inputs.image,
      pull_policy: "never",
      ...(inputs.command === undefined ? {} : { command: inputs.command }),
      ...(inputs.hostname === undefined ? {} : { hostname: inputs.hostname }),
      ...(inputs.user === undefined ? {} : { user: inputs.user }),
      environment: inputs.envs,
      volumes: [...mounts, ...files],
      networks: { platform: { aliases: inputs.networksAdvanced.flatMap(({ aliases }) => aliases) } },
      ports: (inputs.ports ?? []).map(({ internal, external, ip, protocol = "tcp" }) => {
        return `${ip}:${String(external)}:${String(internal)}/${protocol}`;
      }),
      ...(inputs.healthcheck === undefined ? {} : { healthcheck: healthcheck(inputs.healthcheck, this.interval) }),
      mem_limit: `${String(inputs.memory)}m`,
      memswap_limit: `${String(inputs.memorySwap)}m`,
      cap_drop: inputs.capabilities.drops,
      security_opt: inputs.securityOpts,
      read_only: inputs.readOnly,
      tmpfs: Object.entries(inputs.tmpfs).map(([path, options]) => `${path}:${options}`),
      restart: inputs.restart,
      stop_grace_period: `${String(inputs.stopTimeout)}s`,
      logging: { driver: "json-file", options: inputs.logOpts },
      depends_on: Object.fromEntries(after.map((name) => [keyOf(name), this.condition(name)])),
      // Who depends on it waits for the end of this, too.
      ...(part.name === "db" && this.platform.sql !== "" ? { post_start: [{ command: usersCommand(part) }] } : {}),
    };
  }

  private condition(name: string): object {
    const isChecked = this.platform.parts.find((part) => part.name === name)?.inputs.healthcheck !== undefined;
    return { condition: isChecked ? "service_healthy" : "service_started" };
  }
}

/** Compose makes the key a name on the network too, and there a part may have to be known as nothing, or as another. */
function keyOf(part: string): string {
  return `part-${part}`;
}

function healthcheck(
  { tests, interval, timeout, startPeriod, retries }: NonNullable<Part["inputs"]["healthcheck"]>,
  other = interval,
) {
  return { test: tests, interval: other, timeout, start_period: startPeriod, retries };
}
