// `npm run logs -- NAME...`: what the parts of a platform say, each line with the part's name in a colour of its own.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { atStack, containers } from "./platform.mjs";
import { SetupError } from "./steps.mjs";

/** Shows the last lines and, unless told otherwise, all that follow, also of containers that come later. */
export async function logs(found, stack, { names, follow, tail }) {
  const setup = await atStack(found, stack);
  const there = await containers(setup, stack);
  const parts = [...new Set(there.map(({ part }) => part))].sort();
  if (parts.length === 0) throw new SetupError(`Nothing of stack ${stack} runs: npm run up -- --stack ${stack}`);
  const unknown = names.filter((name) => !parts.includes(name));
  if (unknown.length > 0) {
    throw new SetupError(`There is no part ${unknown.join(", ")} in stack ${stack}; there are ${parts.join(", ")}.`);
  }
  const chosen = names.length === 0 ? parts : names;
  const width = Math.max(...chosen.map((name) => name.length));
  // The same colour every time, also when others are chosen beside it.
  const heads = new Map(chosen.map((part) => [part, colour(part.padEnd(width), parts.indexOf(part))]));
  const followed = new Set();
  const since = new Map();
  let first = ["--tail", tail];
  for (let now = there; ; now = await containers(setup, stack)) {
    const fresh = now.filter(({ id, part }) => heads.has(part) && !followed.has(id));
    const shown = fresh.map(async ({ id, part }) => {
      followed.add(id);
      const from = since.get(id) ?? first;
      const show = (line) => process.stdout.write(`${heads.get(part)} │ ${line}\n`);
      await showContainer(setup, id, [...from, ...(follow ? ["--follow"] : [])], show);
      // It has ended, or is about to be started again: what it says from then on comes after what was shown.
      since.set(id, ["--since", new Date().toISOString()]);
      followed.delete(id);
    });
    if (!follow) {
      await Promise.all(shown);
      return 0;
    }
    // One that comes later, to take another's place or beside it, is shown from its first line on.
    first = [];
    await sleep(500);
  }
}

function showContainer(setup, id, args, show) {
  return new Promise((done) => {
    const child = spawn("docker", ["logs", ...args, id], { env: setup.env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", show);
    child.on("error", done);
    child.on("close", done);
  });
}

function colour(text, index) {
  if (process.stdout.isTTY !== true || process.env.NO_COLOR) return text;
  return `\x1b[${[36, 33, 32, 35, 34, 96, 93, 92, 95, 94][index % 10]}m${text}\x1b[0m`;
}
