import { setTimeout as sleep } from "node:timers/promises";
import * as infrastructure from "../platform/catalogue/infrastructure.ts";
import type { Dump, Derived } from "../platform/backup.ts";
import type { Infrastructure } from "../platform/catalogue/infrastructure.ts";
import { atStack, containers, outputs } from "../toolchain/platform.mjs";
import { SetupError } from "../toolchain/steps.mjs";

/** The environment of commands, with what the set-up has found. */
export interface Setup {
  readonly env: NodeJS.ProcessEnv;
}

/** A container of the stack, as toolchain/platform.mjs finds it. */
export interface Container {
  readonly id: string;
  readonly part: string;
  /** The id of the stack that it belongs to. */
  readonly stack: string;
  readonly state: { readonly Status: string; readonly Health?: { readonly Status: string } };
}

/** What is to be kept of a part: what its entry says, or the files of its volume. */
export type Keeping = Dump | Derived | { readonly kind: "files"; readonly path: string };

/** A stack that runs, as far as its data goes. */
export interface Stack {
  readonly name: string;
  /** One that was taken away with its data and made anew has another. */
  readonly id: string;
  /** Docker commands of this go to the stack's own engine. */
  readonly setup: Setup;
  readonly images: Readonly<Record<string, string>>;
  /** Where the load balancer shows what it has loaded. */
  readonly statusUrl: string;
  /** The services' databases, by service. */
  readonly databases: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** The parts that hold something, and how that is kept. */
  readonly keeping: ReadonlyMap<string, Keeping>;
}

/** @throws SetupError where it does not run, or was brought up by a version that had no backups. */
export async function findStack(setup: Setup, name: string): Promise<Stack> {
  const { images, databases, statusUrl } = (await outputs(setup, name)) as Partial<Stack> &
    Pick<Stack, "images" | "statusUrl">;
  if (databases === undefined) {
    throw new SetupError(
      `Stack ${name} was brought up before there were backups: npm run up -- --stack ${name}, and then again.`,
    );
  }
  const there = (await atStack(setup, name)) as Setup;
  const parts = Object.entries(infrastructure as Record<string, Partial<Infrastructure>>).filter(
    ([part]) => part in images,
  );
  const keeping = parts.flatMap(([part, { backup, data }]): [string, Keeping][] => {
    if (backup !== undefined) return [[part, backup]];
    return data === undefined ? [] : [[part, { kind: "files", path: data.path }]];
  });
  const all = await settledContainers(there, name);
  const id = all[0]?.stack ?? "";
  return { name, id, setup: there, images, statusUrl, databases, containers: all, keeping: new Map(keeping) };
}

/** The containers of a stack; what has just been started, by a backup say, is given time until Docker has asked it. */
async function settledContainers(setup: Setup, name: string): Promise<Container[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const all = (await containers(setup, name)) as Container[];
    if (!all.some(({ state }) => state.Health?.Status === "starting") || Date.now() > deadline) return all;
    await sleep(500);
  }
}

/**
 * The container of a part that has to run.
 * @throws SetupError where it does not, or is not well.
 */
export function running({ name, containers: all }: Stack, part: string): Container {
  const container = all.find((one) => one.part === part);
  const { Status, Health } = container?.state ?? { Status: "gone" };
  if (container !== undefined && Status === "running" && (Health?.Status ?? "healthy") === "healthy") return container;
  const words = Status === "running" ? (Health?.Status ?? "") : Status;
  throw new SetupError(
    `${part} of stack ${name} is ${words}, and has to be well for this: npm run up -- --stack ${name}`,
  );
}
