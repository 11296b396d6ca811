import { RunError } from "@pulumi/pulumi";
import type { Environment } from "../../platform/environment.ts";
import type { ContextSettings } from "../../platform/machine.ts";
import { contextAddress } from "./addresses.ts";
import { docker } from "./docker.ts";
import { askEngine, type Engine, reachedAt, refuseMissingCommand } from "./engine.ts";
import { certificatesOf, socketOf } from "./local.ts";
import { contextOf } from "./questions.ts";

/**
 * The engine of a docker context, whatever else this shell's docker command talks to.
 * @throws RunError when there is no such context, its engine does not answer or is too old, or can't have what is mounted.
 */
export async function contextEngine(
  { name }: ContextSettings,
  { source, delivery }: Pick<Environment, "source" | "delivery">,
): Promise<Engine> {
  const inspected = await contextOf(name);
  refuseMissingCommand(inspected.why);
  if (!inspected.ok) {
    const { stdout } = await docker({}, "context", "ls", "--format", "{{.Name}}");
    throw new RunError(
      `${source}: mia:machine.name: got ${name}, need a docker context that there is: ${stdout.split("\n").join(", ")}. Fix: docker context create ${name} --docker host=…, or pulumi config set --path mia:machine.name default`,
    );
  }
  const [, host = "", ...tls] = inspected.stdout.split(" ");
  if (delivery === "mounted" && host.startsWith("ssh:")) {
    throw new RunError(
      `${source}: mia:kind: got development, whose folders of this computer the machine of the context ${name} (${host}) has not, need qa. Fix: pulumi config set mia:kind qa`,
    );
  }
  const address = contextAddress(name);
  const { id, platform, rootless, operatingSystem } = await askEngine(
    address,
    `The engine of the docker context ${name} (${host})`,
    {
      away: "start it, or correct mia:machine.name.",
      old: "update it, or correct mia:machine.name.",
    },
  );
  return {
    host,
    ...certificatesOf(tls),
    address,
    id,
    platform,
    rootless,
    socket: socketOf(host, operatingSystem),
    reachedAt: reachedAt(host),
    choice: "correct mia:machine to name",
    facts: { name },
  };
}
