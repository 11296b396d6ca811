import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { dockerMachine, MachineError } from "./cli.ts";
import { type Look, lookAt } from "./look.ts";
import { storePath } from "./store.ts";
import { type Listener, longestSeconds } from "./wanted.ts";

/**
 * Does what can be done for a machine that does not do its work: whether it does then is to be looked at.
 * @throws MachineError where nothing can.
 */
export async function mend(settings: DockerMachineSettings, look: Look, listener: Listener): Promise<void> {
  const { name, binary } = settings;
  const run = async (...args: string[]) => {
    const done = await dockerMachine(settings, args, {
      seconds: longestSeconds,
      onLine: (line) => {
        listener.says(line);
      },
    });
    return done.ok ? undefined : done.why;
  };
  if (look.kind === "stopped") {
    listener.begins(`starting the machine ${name}`);
    const failed = await run("start", name);
    if (failed !== undefined) {
      const way = failed.includes("does not support start")
        ? "switch its computer on, then try again."
        : `see \`${binary} start ${name}\`.`;
      throw new MachineError(`The machine ${name} is ${look.why} and can't be started (${failed}): ${way}`);
    }
  }
  if (look.kind === "broken") throw new MachineError(unwell(settings, look));
  const lost = "why" in look && look.why.includes("no such file or directory") && forgetClientCertificate();
  const steps = [
    // Of an engine that is off, both of the others would wait for minutes that somebody starts it.
    ["ssh", name, "sudo systemctl reset-failed docker && sudo systemctl start docker || sudo /etc/init.d/docker start"],
    // Certificates for where it is now, and the engine started anew with them.
    ["regenerate-certs", "--force", ...(lost ? ["--client-certs"] : []), name],
    ["provision", name],
  ];
  for (const [i, step] of steps.entries()) {
    if ((await lookAt(settings)).kind === "well") return;
    if (i === 0) listener.begins(`mending the machine ${name}`);
    await run(...step);
  }
}

/** Where one of the pair is lost, the other is in the way of another pair, which the store's authority can make; says whether it can. */
function forgetClientCertificate(): boolean {
  const file = (name: string) => join(storePath(), "certs", name);
  if (!["ca.pem", "ca-key.pem"].every((name) => existsSync(file(name)))) return false;
  if (["cert.pem", "key.pem"].every((name) => existsSync(file(name)))) return false;
  for (const name of ["cert.pem", "key.pem"]) rmSync(file(name), { force: true });
  return true;
}

/** The sentence about one that could not be mended. */
export function unwell({ name, binary }: DockerMachineSettings, look: Look): string {
  if (look.kind === "broken") {
    return `The machine ${name} can't be read by docker-machine (${look.why}): \`${binary} rm --force ${name}\` forgets it, and nothing else.`;
  }
  const why = "why" in look ? look.why : "it is not there";
  return `The machine ${name} does not do its work, and could not be mended (${why}): see \`${binary} ssh ${name}\` and \`${binary} env ${name}\`.`;
}
