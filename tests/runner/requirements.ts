import { readFileSync } from "node:fs";
import { browser } from "../../toolchain/browser.mjs";
import { buildx } from "../../toolchain/buildx.mjs";
import { ensureDockerMachine } from "../../toolchain/docker-machine.mjs";
import { docker } from "../../toolchain/docker.mjs";
import { images } from "../../toolchain/images.mjs";
import { pulumi } from "../../toolchain/pulumi.mjs";
import { ssh } from "../../toolchain/ssh.mjs";
import { newSetup } from "../../toolchain/steps.mjs";
import { syft } from "../../toolchain/syft.mjs";
import { testDisk } from "./test-disk.ts";
import { testEngine } from "../../toolchain/test-engine.mjs";

export type Setup = ReturnType<typeof newSetup>;

type Step = (setup: Setup) => Promise<void>;

/** The machine's own engine, and the platform's images, which come from its registry where upstream's can't be reached. */
const imageSteps: readonly Step[] = [docker, buildx, (setup) => images(setup, "dev")];

/** What an end-to-end test can require, with the steps that provide it. */
const steps = {
  pulumi: [pulumi],
  /** Docker engines that the tests start for themselves. */
  engine: [...imageSteps, testEngine, testDisk],
  /** Machines that docker-machine makes, and hosts that ssh reaches. */
  machines: [...imageSteps, ssh, ensureDockerMachine],
  /** The dev platform that files of one lane share. */
  "shared-platform": [],
  /** VirtualBox's network, which a computer has only once. */
  virtualbox: [],
  browser: [browser],
  syft: [syft],
} satisfies Record<string, readonly Step[]>;

/** What the steps may have to build from Go modules, after the platform's own. */
const goPrograms: Partial<Record<Requirement, readonly string[]>> = {
  engine: ["engine", "runc"],
  machines: ["docker-machine"],
  syft: ["syft"],
};

export type Requirement = keyof typeof steps;

/** Files that have one of these in common run on the same lane, one after the other. */
const shared = ["shared-platform", "virtualbox"] as const;

const declaration = /^\/\/ Requires: (.+)\.$/m;

/** The requirements that a test file declares in a comment such as `// Requires: pulumi, engine.` */
export function requirementsOf(file: string): Requirement[] {
  const words = declaration.exec(readFileSync(file, "utf8"))?.[1]?.split(", ");
  if (words === undefined) throw new Error(`${file}: got no comment "// Requires: ….", need one`);
  const unknown = words.filter((word) => !(word in steps));
  if (unknown.length > 0) {
    throw new Error(`${file}: requires ${unknown.join(", ")}, need some of ${Object.keys(steps).join(", ")}`);
  }
  return words as Requirement[];
}

/** Groups files into units: those that share something, and each other file by itself. */
export function unitsOf(files: readonly string[]): string[][] {
  const groups = Map.groupBy(files, (file) => shared.find((what) => requirementsOf(file).includes(what)) ?? file);
  return [...groups.values()];
}

/** Provides everything that these files require, and nothing else. */
export async function provide(files: readonly string[]): Promise<Setup> {
  const names = new Set(files.flatMap(requirementsOf));
  const required = [...names].flatMap((name): readonly Step[] => steps[name]);
  const setup = newSetup({ later: [...names].flatMap((name): readonly string[] => goPrograms[name] ?? []) });
  for (const step of new Set(required)) await step(setup);
  return setup;
}
