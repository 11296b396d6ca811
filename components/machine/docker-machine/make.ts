import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { dockerMachine, MachineError } from "./cli.ts";
import { probeSsh } from "./probe-ssh.ts";
import { machineFolder, readRecord, writeRecord } from "./store.ts";
import { type Listener, longestSeconds, type Wanted } from "./wanted.ts";
import { wayOut } from "./ways-out.ts";

/**
 * Makes a machine.
 * @throws MachineError in one sentence with the way out.
 */
export async function make({ settings, flags }: Wanted, listener: Listener): Promise<void> {
  const { name } = settings;
  await probeSsh(settings);
  listener.begins(`making the machine ${name} (docker-machine create ${flags.join(" ")} ${name})`);
  // As soon as it is there it is known to be ours, also if this is killed.
  const id = randomUUID();
  const note = () => {
    if (existsSync(machineFolder(name)) && readRecord(name) === undefined)
      writeRecord(name, { id, made: true, flags: [...flags] });
  };
  const watch = setInterval(note, 50);
  const made = await dockerMachine(settings, ["create", ...flags, name], {
    seconds: longestSeconds,
    onLine: (line) => {
      listener.says(line);
    },
  }).finally(() => {
    clearInterval(watch);
  });
  if (made.ok) {
    note();
    return;
  }
  // What docker-machine has written down of the other's machine would let its `rm` delete that.
  if (/createvm.*already exists/i.test(made.why)) rmSync(machineFolder(name), { recursive: true, force: true });
  const again = `\`${settings.binary} ls\` may say more; the next \`up\` tries to mend it.`;
  throw new MachineError(`The machine ${name} could not be made (${made.why}): ${wayOut(made.why, again)}`);
}
