import { RunError } from "@pulumi/pulumi";
import { join } from "node:path";
import { askEngine, type Engine, reachedAt, refuseMissingCommand } from "./engine.ts";
import { askLocal } from "./questions.ts";

/**
 * The engine that the docker command talks to: DOCKER_HOST's, the current context's, or the local socket's.
 * @throws RunError when it does not answer or is too old: nothing is created then.
 */
export async function localEngine(): Promise<Engine> {
  const { info, context, listing } = askLocal();
  const current = await context;
  refuseMissingCommand(current.why);
  const [name = "default", host = "", ...tls] = current.stdout.split(" ");
  const variable = process.env["DOCKER_CONTEXT"];
  if (name === "default" && variable) {
    // Pulumi's provider would follow it all the same, to another engine than the docker command's.
    throw new RunError(
      `DOCKER_CONTEXT is ${variable}, but the docker command talks to ${host}: unset DOCKER_CONTEXT, or DOCKER_HOST beside it.`,
    );
  }
  const choice = "point DOCKER_HOST or `docker context use` at";
  const { id, platform, rootless, operatingSystem } = await askEngine(
    {},
    `The Docker engine at ${host || "the current context"}`,
    {
      away: `start it, or ${choice} one that runs.`,
      old: `update it, or ${choice} another.`,
    },
    info,
  );
  const certificates = certificatesOf(tls);
  return {
    host,
    // It alone has the certificates where there are some.
    address: certificates.certificates === undefined ? { DOCKER_HOST: host } : { DOCKER_CONTEXT: name },
    ...certificates,
    id,
    platform,
    rootless,
    socket: socketOf(host, operatingSystem),
    reachedAt: reachedAt(host),
    choice,
    listing,
  };
}

/** The certificates of a context: Pulumi's provider would take its host alone, and only from the usual folder. */
export function certificatesOf([count = "0", ...folder]: string[]): Pick<Engine, "certificates"> {
  return count === "0" ? {} : { certificates: join(folder.join(" "), "docker") };
}

/** An engine that is not this computer's own, also Docker Desktop's in its virtual machine, has its socket in the usual place. */
export function socketOf(host: string, operatingSystem: string): string {
  const own = process.platform === "linux" && host.startsWith("unix://") && operatingSystem !== "Docker Desktop";
  return own ? host.slice("unix://".length) : usualSocket;
}

/** Where every engine's own computer has its socket. */
export const usualSocket = "/var/run/docker.sock";
