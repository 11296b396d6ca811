// What the state runs: `node …/command.ts create` and `delete`, with all that they need to know in the environment.

import { MachineError } from "./cli.ts";
import { ensureMachine } from "./ensure.ts";
import { removeMachine } from "./remove.ts";
import type { Wanted } from "./wanted.ts";

/** What is to be known beside the secrets, which are in variables of their own. */
export interface Task {
  readonly wanted: Wanted;
  /** The names of the variables that are secret. */
  readonly secrets: readonly string[];
  /** Which machine it is about. */
  readonly id: string;
}

const task = JSON.parse(process.env["MIA_MACHINE"] ?? "") as Task;
const { id } = task;
const secrets = Object.fromEntries(task.secrets.map((name) => [name, process.env[name] ?? ""]));
const wanted = { ...task.wanted, settings: { ...task.wanted.settings, secrets } };
try {
  if (process.argv[2] === "create") {
    await ensureMachine(wanted, { begins: () => undefined, says: () => undefined });
    console.log(id);
  } else {
    const stays = await removeMachine(wanted, id);
    if (stays !== undefined) console.error(stays);
  }
} catch (error) {
  if (!(error instanceof MachineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
