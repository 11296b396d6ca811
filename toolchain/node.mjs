// Step 1: Node, and the program's packages.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installFilter } from "./stack-file-filter.mjs";
import { addPath, longRun, own, root, run, SetupError, step, which } from "./steps.mjs";

// Node runs the program's TypeScript as it is from this version on.
const minimum = "22.18.0";
// What is brought where the system's is older. This is the package that `npm install node@24` brings on Linux: taken
// directly, it needs no install script, which newer npms refuse to run.
const brought = { name: `node-${process.platform}-${process.arch}`, version: "24.21.0" };

export async function node(setup) {
  await step(setup, "Node", async () => {
    if (which("npm") === undefined) throw new SetupError("npm is not on PATH: install Node.js with npm and try again.");
    if (process.features.typescript) return `${process.versions.node}, the system's`;
    const folder = join(own, "node", `v${brought.version}`);
    const bin = join(folder, "node_modules", brought.name, "bin");
    if ((await run(join(bin, "node"), ["--version"])).stdout.trim() !== `v${brought.version}`) {
      mkdirSync(folder, { recursive: true });
      await longRun(
        setup,
        "Install Node",
        "npm",
        ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", `${brought.name}@${brought.version}`],
        { cwd: folder, wayOut: `Or install Node ${minimum} or newer and try again.` },
      );
    }
    addPath(setup, bin);
    return `${brought.version}, inside this clone (the system's ${process.versions.node} does not run TypeScript)`;
  });

  await step(setup, "Packages", async () => {
    if (!installed()) {
      await longRun(setup, "npm ci", "npm", ["ci", "--no-audit", "--no-fund"], {
        wayOut: "If npm can't reach its registry, set its proxy or registry and try again.",
      });
    }
    installFilter(); // also where npm was told to run no scripts
    return "as package-lock.json says";
  });
}

/** Whether node_modules holds what package-lock.json says; npm writes down there what it has installed. */
function installed() {
  const present = join(root, "node_modules/.package-lock.json");
  if (!existsSync(present)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const have = packages(present);
  return Object.entries(packages(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) => path === "" || optional || have[path]?.version === version,
  );
}
