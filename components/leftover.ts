import * as pulumi from "@pulumi/pulumi";
import { docker } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";
import type { Kind } from "./machine/taken-names.ts";
import { valueOf } from "./value.ts";

/**
 * What to do before something with a fixed name is created, should one of that name be there: an `up` that was killed
 * left it, and it goes; or it is somebody else's, who has made it since `taken-names.ts` looked, and nothing is touched. A
 * volume that is left is taken over by Docker.
 * @throws Error in one sentence where it is somebody else's.
 */
export function leftover(kind: Kind, name: string, machine: Machine): pulumi.ResourceHookFunction {
  return async () => {
    if (!(await mayBeThere(kind, name, machine))) return;
    const labels = kind === "container" ? ".Config.Labels" : ".Labels";
    const format = `{{with ${labels}}}{{index . "mia.stack"}}{{end}}`;
    const found = await docker(machine.address, kind, "inspect", "--format", format, name);
    if (!found.ok) return;
    if (found.stdout !== (await valueOf(machine.stackId))) {
      throw new Error(
        `a ${kind} ${name} is on the engine already, and it is not this stack's: remove it, or take a stack of another name (\`pulumi stack init NAME --copy-config-from …\`).`,
      );
    }
    if (kind === "volume") return;
    if (kind === "container") await docker(machine.address, "container", "stop", name);
    // With the volumes that have no name.
    const options = kind === "container" ? ["--volumes"] : [];
    const removed = await docker(machine.address, kind, "rm", ...options, name);
    if (!removed.ok)
      throw new Error(`${kind} ${name} is left of an \`up\` that was killed, and can't be removed: ${removed.why}`);
    await pulumi.log.warn(`removed the ${kind} ${name}, which an \`up\` that was killed had left`);
  };
}

/** Whether it may be there: containers are many, and asked for together. */
async function mayBeThere(kind: Kind, name: string, machine: Machine): Promise<boolean> {
  if (kind !== "container") return true;
  const { containers, why } = await machine.lately();
  return why !== "" || containers.some((container) => container.name === name);
}
