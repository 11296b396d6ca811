import { RunError } from "@pulumi/pulumi";
import { atLeast, minimumEngine } from "../../platform/versions.mjs";
import { docker } from "./docker.ts";
import type { Engine } from "./engine.ts";

/**
 * The engine that the docker command talks to: DOCKER_HOST's, the current context's, or the local socket's.
 * @throws RunError when it does not answer or is too old: nothing is created then.
 */
export async function localEngine(): Promise<Engine> {
  const [current, info] = await Promise.all([
    docker({}, "context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}} {{len .TLSMaterial}}"),
    docker({}, "info", "--format", "{{.ID}} {{.ServerVersion}} {{.OSType}}/{{.Architecture}} {{.OperatingSystem}}"),
  ]);
  if (current.why.includes("ENOENT")) {
    throw new RunError("There is no docker command on PATH: install Docker (https://docs.docker.com/engine/install).");
  }
  const [context = "default", host = "", certificates] = current.stdout.split(" ");
  const variable = process.env["DOCKER_CONTEXT"];
  if (context === "default" && variable) {
    // Pulumi's provider would follow it all the same, to another engine than the docker command's.
    throw new RunError(
      `DOCKER_CONTEXT is ${variable}, but the docker command talks to ${host}: unset DOCKER_CONTEXT, or DOCKER_HOST beside it.`,
    );
  }
  const [id, version, platform = "", ...system] = info.stdout.split(" ");
  if (!info.ok || !id || !version) {
    throw new RunError(
      `The Docker engine at ${host || "the current context"} does not answer (${info.why}): ` +
        "start it, or point DOCKER_HOST or `docker context use` at one that runs.",
    );
  }
  if (!atLeast(version, minimumEngine)) {
    throw new RunError(
      `The Docker engine at ${host} is ${version}, need ${minimumEngine} or newer: ` +
        "update it, or point DOCKER_HOST or `docker context use` at another.",
    );
  }
  const socket = socketOf(host, system.join(" "));
  return { host, id, version, platform, socket, ...(context === "default" || certificates === "0" ? {} : { context }) };
}

/** An engine that is not this computer's own, also Docker Desktop's in its virtual machine, has its socket in the usual place. */
function socketOf(host: string, operatingSystem: string): string {
  const own = process.platform === "linux" && host.startsWith("unix://") && operatingSystem !== "Docker Desktop";
  return own ? host.slice("unix://".length) : "/var/run/docker.sock";
}
