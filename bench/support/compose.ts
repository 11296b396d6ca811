import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, succeed } from "../../tests/e2e/support/command.ts";
import type { OwnEngine } from "../../tests/e2e/support/own-engine.ts";
import type { Declared, Part } from "./declared.ts";
import { filesOf, usersCommand } from "./files.ts";

/** A project of Docker Compose: what a user would pick instead. */
export class Compose {
  private readonly folder: string;
  private readonly engine: OwnEngine;
  private readonly name: string;

  /** Its file, once it is written, is in that folder. */
  constructor(engine: OwnEngine, name: string, folder: string) {
    this.engine = engine;
    this.name = name;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** With a platform that is declared elsewhere; health checks are asked at another interval, where one is given. */
  static of(engine: OwnEngine, platform: Declared, folder: string, interval?: string): Compose {
    const compose = new Compose(engine, platform.name, folder);
    compose.write(fileOf(platform, folder, interval));
    return compose;
  }

  write(file: object): void {
    // What it would take for a variable is none.
    writeFileSync(join(this.folder, "compose.yaml"), JSON.stringify(file, null, 2).replaceAll("$", "$$$$"));
  }

  run(...args: string[]): Promise<Ended> {
    const [command = "docker", ...words] = (process.env["MIA_COMPOSE"] ?? "docker compose").split(" ");
    const env = { ...process.env, DOCKER_HOST: this.engine.host };
    return succeed(command, [...words, "--project-name", this.name, ...args], { cwd: this.folder, env });
  }
}

function fileOf(platform: Declared, folder: string, interval?: string): object {
  const { name, parts, volumes } = platform;
  const services = parts.map((part) => [keyOf(part.name), serviceOf(platform, part, folder, interval)] as const);
  return {
    services: Object.fromEntries(services),
    networks: { platform: { name } },
    volumes: Object.fromEntries(volumes.map((volume) => [volume, { name: volume }])),
  };
}

/** A part as an entry of Compose's file; its files are written into a folder of its own in `folder`. */
export function serviceOf(platform: Declared, part: Part, folder: string, interval?: string): object {
  const { inputs, after } = part;
  const files = [...filesOf(platform, part, folder)].map(([path, file]) => `${file}:${path}:ro`);
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
    ...(inputs.healthcheck === undefined ? {} : { healthcheck: healthcheck(inputs.healthcheck, interval) }),
    mem_limit: `${String(inputs.memory)}m`,
    memswap_limit: `${String(inputs.memorySwap)}m`,
    cap_drop: inputs.capabilities.drops,
    security_opt: inputs.securityOpts,
    read_only: inputs.readOnly,
    tmpfs: Object.entries(inputs.tmpfs).map(([path, options]) => `${path}:${options}`),
    restart: inputs.restart,
    stop_grace_period: `${String(inputs.stopTimeout)}s`,
    logging: { driver: "json-file", options: inputs.logOpts },
    depends_on: Object.fromEntries([...after].map(([name, well]) => [keyOf(name), condition(platform, name, well)])),
    // Who depends on it waits for the end of this, too.
    ...(part.name === "db" && platform.sql !== "" ? { post_start: [{ command: usersCommand(part) }] } : {}),
  };
}

function condition({ parts }: Declared, name: string, well: boolean): object {
  const isChecked = parts.find((part) => part.name === name)?.inputs.healthcheck !== undefined;
  return { condition: well && isChecked ? "service_healthy" : "service_started" };
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
