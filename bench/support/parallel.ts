import type { Declared, Part } from "./declared.ts";
import type { DockerApi } from "./docker-api.ts";
import { filesOf, usersCommand } from "./files.ts";

/**
 * Creates and starts all of a platform at once by the engine's API: no order, no waiting, no checks of what is there. Nobody
 * can do less, so it is the limit of what Docker lets one do. Answers with the ids of the containers.
 */
export async function startAll(api: DockerApi, platform: Declared, folder: string): Promise<string[]> {
  const bodies = platform.parts.map((part) => ({ part, body: bodyOf(platform, part, folder) }));
  await Promise.all([
    api.call("POST", "/networks/create", { Name: platform.name, Driver: "bridge" }),
    ...platform.volumes.map((Name) => api.call("POST", "/volumes/create", { Name })),
  ]);
  return Promise.all(
    bodies.map(async ({ part, body }) => {
      const name = `${platform.name}-${part.name}`;
      const { Id } = await api.call<{ Id: string }>("POST", `/containers/create?name=${name}`, body);
      await api.call("POST", `/containers/${Id}/start`);
      if (part.name === "db" && platform.sql !== "") await inContainer(api, Id, usersCommand(part));
      return Id;
    }),
  );
}

/** Begins a command in a container, and does not wait for its end. */
async function inContainer(api: DockerApi, id: string, command: readonly string[]): Promise<void> {
  const { Id } = await api.call<{ Id: string }>("POST", `/containers/${id}/exec`, { Cmd: command });
  await api.call("POST", `/exec/${Id}/start`, { Detach: true });
}

function bodyOf(platform: Declared, part: Part, folder: string): object {
  const { inputs } = part;
  const ports = inputs.ports ?? [];
  const key = ({ internal, protocol = "tcp" }: (typeof ports)[number]) => `${String(internal)}/${protocol}`;
  const mounts = (inputs.volumes ?? []).map(({ volumeName, hostPath, containerPath }) => {
    return `${volumeName ?? hostPath ?? ""}:${containerPath}`;
  });
  const files = [...filesOf(platform, part, folder)].map(([path, file]) => `${file}:${path}:ro`);
  return {
    Image: inputs.image,
    ...(inputs.command === undefined ? {} : { Cmd: inputs.command }),
    ...(inputs.hostname === undefined ? {} : { Hostname: inputs.hostname }),
    ...(inputs.user === undefined ? {} : { User: inputs.user }),
    Env: inputs.envs,
    Labels: { "mia.part": part.name, "mia.platform": platform.name },
    ExposedPorts: Object.fromEntries(ports.map((port) => [key(port), {}])),
    StopTimeout: inputs.stopTimeout,
    ...(inputs.healthcheck === undefined ? {} : { Healthcheck: healthcheck(inputs.healthcheck) }),
    HostConfig: {
      Binds: [...mounts, ...files],
      NetworkMode: platform.name,
      PortBindings: Object.fromEntries(
        ports.map((port) => [key(port), [{ HostIp: port.ip, HostPort: String(port.external) }]]),
      ),
      Memory: inputs.memory * 1024 ** 2,
      MemorySwap: inputs.memorySwap * 1024 ** 2,
      CapDrop: inputs.capabilities.drops,
      SecurityOpt: inputs.securityOpts,
      ReadonlyRootfs: inputs.readOnly,
      Tmpfs: inputs.tmpfs,
      RestartPolicy: { Name: inputs.restart },
      LogConfig: { Type: "json-file", Config: inputs.logOpts },
    },
    NetworkingConfig: {
      EndpointsConfig: { [platform.name]: { Aliases: inputs.networksAdvanced.flatMap(({ aliases }) => aliases) } },
    },
  };
}

function healthcheck({ tests, interval, timeout, startPeriod, retries }: NonNullable<Part["inputs"]["healthcheck"]>) {
  return {
    Test: tests,
    Interval: nanoseconds(interval),
    Timeout: nanoseconds(timeout),
    StartPeriod: nanoseconds(startPeriod),
    Retries: retries,
  };
}

/** Of a duration as Go writes it: `1m30s`. */
function nanoseconds(duration: string): number {
  const [, minutes = "0", seconds = "0"] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return (Number(minutes) * 60 + Number(seconds)) * 1e9;
}
