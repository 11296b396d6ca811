// `npm run backup`: what a stack that runs holds, in a folder, while everybody goes on working. docs/backup.md says what.

import { setPriority } from "node:os";
import { join } from "node:path";
import { parse } from "../toolchain/arguments.mjs";
import { main, say, SetupError, time } from "../toolchain/steps.mjs";
import { folderNamed, folderOf, nameNow, onStack, refuseTaken, shown } from "./command.ts";
import { heldBefore } from "./unfinished.ts";
import { sweep, writeBackup } from "./write.ts";

const usage = "npm run backup -- [--stack NAME] [FOLDER]";

async function backup(args: string[]): Promise<number> {
  const options = { stack: { type: "string", short: "s", default: "dev" } } as const;
  const { values, positionals } = parse(args, options, usage, { allowPositionals: true });
  if (positionals.length > 1) throw new SetupError(`Usage: ${usage}`);
  const { stack } = values as { stack: string };
  const [named] = positionals;
  const folder = named === undefined ? join(folderOf(stack), nameNow()) : folderNamed(named);
  refuseTaken(folder);
  return onStack(stack, async (there, signal) => {
    const from = Date.now();
    const before = heldBefore(there);
    if (before !== undefined)
      throw new SetupError(
        `The data of stack ${stack} is not whole, since a restore has not ended well: npm run restore -- --stack ${stack}, with its backup again or with what was there before it, ${shown(before)}`,
      );
    await sweep(folderOf(stack));
    const { parts } = await writeBackup(there, folder, signal);
    const mib = parts.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
    const names = parts.map(({ part }) => part).join(", ");
    say(
      `✔ ${shown(folder)} has what stack ${stack} holds: ${names}, ${mib.toFixed(1)} MiB (${time((Date.now() - from) / 1000)}).`,
    );
    return 0;
  });
}

// Those who go on working come first.
setPriority(10);
await main(() => backup(process.argv.slice(2)));
