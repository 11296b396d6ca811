import { randomUUID } from "node:crypto";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { MachineError } from "./cli.ts";
import { type Look, lookAt, type Well } from "./look.ts";
import { make } from "./make.ts";
import { mend, unwell } from "./mend.ts";
import { refuseOthers, remove } from "./remove.ts";
import { readRecord, type Record, withStore, writeRecord } from "./store.ts";
import type { Listener, Wanted } from "./wanted.ts";

/** A machine whose engine answers, and what is written down of it. */
export interface Ready {
  readonly look: Well;
  readonly record: Record;
}

/**
 * Makes sure of a machine: one that is not there is made, one that is off is started, and one that does not do its work is
 * provisioned again, whoever has made it. That it works is proven by its engine over TLS alone.
 * @throws MachineError in one sentence.
 */
export function ensureMachine(wanted: Wanted, listener: Listener): Promise<Ready> {
  return withStore(async () => {
    const { settings, flags } = wanted;
    const { name } = settings;
    const record = readRecord(name);
    let look = await lookAt(settings);
    if (mayGo(wanted, record, look)) {
      // One that is off can't be asked who lives on it.
      if (look.kind !== "gone" && look.kind !== "well") {
        await mend(settings, look, listener);
        look = await lookAt(settings);
      }
      await refuseOthers(wanted, look);
      listener.begins(`removing the machine ${name}`);
      await remove(settings);
      look = { kind: "absent" };
    }
    if (look.kind === "absent") await make(wanted, listener);
    else if (look.kind !== "well") await mend(settings, look, listener);
    if (look.kind !== "well") look = await lookAt(settings);
    if (look.kind !== "well") throw new MachineError(unwell(settings, look));
    const known = readRecord(name) ?? { id: randomUUID(), made: false, flags: [...flags] };
    writeRecord(name, known);
    return { look, record: known };
  });
}

/** Whether the machine is one of ours that is to be replaced, or of which VirtualBox has nothing any more. */
function mayGo({ settings, flags }: Wanted, record: Record | undefined, look: Look): boolean {
  if (record?.made !== true || look.kind === "absent") return false;
  return look.kind === "gone" || (isChanged(flags, record) && isConfirmed(settings, record));
}

/** Whether it is to be made of something else than it was: there is no resize. */
export function isChanged(flags: readonly string[], record: Record): boolean {
  return record.made && record.flags.join("\n") !== flags.join("\n");
}

/** Whether the config says that it may go with its data: by its id, so that it is said of no other. */
export function isConfirmed({ replace }: DockerMachineSettings, { id }: Record): boolean {
  return replace !== undefined && replace === shortId(id);
}

/** As a config names a machine. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
