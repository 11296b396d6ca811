// Who takes a stack up and down by itself, one at a time: written down in .mia/qa, with all that it takes to clean up after
// one that was killed.
//
// A lease is a file of its own with a number, the next after those that are there. It is made by a link, which is there as a
// whole or not at all, and to one run only; those that were killed leave theirs, and the next run takes them over.

import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plainName } from "./arguments.mjs";
import { startOf } from "./family.mjs";
import { own, SetupError } from "./steps.mjs";

/**
 * What a run leaves to whoever comes after it, should it be killed.
 * @typedef {object} Record
 * @property {number} pid of the run
 * @property {string} started tells it from another that gets its number
 * @property {string} mark of all that it starts: family.mjs
 * @property {boolean} updating Pulumi may hold the stack's lock on its behalf
 * @property {boolean} made it has made the stack
 * @property {import("./remains.mjs").Owner} owner finds what the stack has on its engine, also once the state has forgotten
 */

const nobody = { ids: [], address: undefined, engineId: undefined };

/** Takes a stack for this run; refuses where another has it. */
export async function takeLease(stack, folder = join(own, "qa")) {
  const name = plainName(stack);
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const left = read(folder, name);
    for (const { pid, started } of left) {
      const start = await startOf(pid);
      if (start === undefined || start !== started) continue;
      throw new SetupError(
        `Stack ${stack} is taken by a run that goes on, process ${pid}: wait for its end, or end it.`,
      );
    }
    const file = join(folder, `${name}.${(left.at(-1)?.number ?? 0) + 1}.json`);
    const lease = new Lease(file, left, { pid: process.pid, started: await startOf(process.pid), mark: randomUUID() });
    if (lease.isTaken()) return lease;
  }
}

class Lease {
  #file;
  #record;
  /** Those of runs that were killed. */
  left;

  constructor(file, left, record) {
    this.#file = file;
    this.left = left;
    // What they knew has to outlive this one too.
    const { ids, ...rest } = left.reduce((all, { owner }) => merged(all, owner), nobody);
    this.#record = { ...record, updating: false, made: left.some(({ made }) => made), owner: { ids, ...rest } };
  }

  /** Whether it could be written: somebody else may have been faster. */
  isTaken() {
    const fresh = this.#write();
    try {
      linkSync(fresh, this.#file);
      return true;
    } catch (error) {
      if (error.code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  }

  get mark() {
    return this.#record.mark;
  }

  get made() {
    return this.#record.made;
  }

  get owner() {
    return this.#record.owner;
  }

  note(change) {
    const owner = change.owner === undefined ? this.#record.owner : merged(this.#record.owner, change.owner);
    this.#record = { ...this.#record, ...change, owner };
    renameSync(this.#write(), this.#file);
  }

  /** Gives the stack back, of which nothing is left; or of which all is left that was. */
  release({ nothingDone = false } = {}) {
    const taken = nothingDone ? [] : this.left.flatMap(({ file, pid }) => [file, `${file}.${pid}`]);
    for (const file of [...taken, this.#file]) rmSync(file, { force: true });
  }

  #write() {
    const fresh = `${this.#file}.${process.pid}`;
    writeFileSync(fresh, `${JSON.stringify(this.#record, undefined, 2)}\n`);
    return fresh;
  }
}

function merged(owner, other) {
  return { ...owner, ...other, ids: [...new Set([...owner.ids, ...other.ids])] };
}

/** All leases of a stack, the last one last. */
function read(folder, name) {
  return readdirSync(folder)
    .flatMap((entry) => {
      const number = Number(entry.startsWith(`${name}.`) && /^(\d+)\.json$/.exec(entry.slice(name.length + 1))?.[1]);
      if (!(number > 0)) return [];
      const file = join(folder, entry);
      try {
        return [{ ...JSON.parse(readFileSync(file, "utf8")), file, number }];
      } catch (error) {
        if (error.code === "ENOENT") return []; // given back meanwhile
        throw new SetupError(`${file} can't be read (${error.message}): remove it, and try again.`);
      }
    })
    .sort((a, b) => a.number - b.number);
}
