import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, succeed } from "../../tests/e2e/support/command.ts";
import type { OwnEngine } from "../../tests/e2e/support/own-engine.ts";
import type { Declared, Part } from "./declared.ts";
import { filesOf } from "./files.ts";

/** Docker Compose with a platform that is declared elsewhere: what a user would pick instead. */
export class Compose {
  private readonly folder: string;
  private readonly engine: OwnEngine;
  private readonly platform: Declared;

  /** Writes its file into a folder. */
  constructor(engine: OwnEngine, platform: Declared, folder: string) {
    this.engine = engine;
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
      services: { ...Object.fromEntries(services), ...this.users() },
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
      ...(inputs.healthcheck === undefined ? {} : { healthcheck: healthcheck(inputs.healthcheck) }),
      mem_limit: `${String(inputs.memory)}m`,
      memswap_limit: `${String(inputs.memorySwap)}m`,
      cap_drop: inputs.capabilities.drops,
      security_opt: inputs.securityOpts,
      read_only: inputs.readOnly,
      tmpfs: Object.entries(inputs.tmpfs).map(([path, options]) => `${path}:${options}`),
      restart: inputs.restart,
      stop_grace_period: `${String(inputs.stopTimeout)}s`,
      logging: { driver: "json-file", options: inputs.logOpts },
      depends_on: Object.fromEntries(this.conditions(after)),
    };
  }

  private conditions(after: readonly string[]): [string, object][] {
    const { parts, sql } = this.platform;
    const before = after.map((name): [string, object] => {
      const isChecked = parts.find((part) => part.name === name)?.inputs.healthcheck !== undefined;
      return [keyOf(name), { condition: isChecked ? "service_healthy" : "service_started" }];
    });
    if (sql === "" || !after.includes("db")) return before;
    return [...before, ["users", { condition: "service_completed_successfully" }]];
  }

  /** What makes the services' users known to the database before they start, as people do it there: a container that ends. */
  private users(): Record<string, object> {
    const db = this.platform.parts.find(({ name }) => name === "db");
    if (db === undefined || this.platform.sql === "") return {};
    const options = [...filesOf(this.platform, db, this.folder)].find(([path]) => path.endsWith(".cnf"))?.[0] ?? "";
    return {
      users: {
        ...this.service({ ...db, inputs: { ...db.inputs, ports: [], volumes: [] } }),
        entrypoint: ["sh", "-c", `exec mysql --defaults-extra-file=${options} --host=db < /run/users.sql`],
        command: [],
        hostname: "users",
        networks: { platform: { aliases: [] } },
        healthcheck: { disable: true },
        restart: "no",
        depends_on: { [keyOf("db")]: { condition: "service_healthy" } },
      },
    };
  }
}

/** Compose makes the key a name on the network too, and there a part may have to be known as nothing, or as another. */
function keyOf(part: string): string {
  return `part-${part}`;
}

function healthcheck({ tests, interval, timeout, startPeriod, retries }: NonNullable<Part["inputs"]["healthcheck"]>) {
  return { test: tests, interval, timeout, start_period: startPeriod, retries };
}
