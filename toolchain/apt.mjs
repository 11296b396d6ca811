// Debian's and Ubuntu's packages.

import { existsSync, readFileSync } from "node:fs";
import { longRun, run } from "./steps.mjs";

/** Whether this is Debian; with `orLike`, also what descends from it, such as Ubuntu. */
export function isDebian({ orLike = false } = {}) {
  if (!existsSync("/etc/os-release")) return false;
  const release = readFileSync("/etc/os-release", "utf8");
  return orLike ? /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) : /^ID=debian$/m.test(release);
}

/**
 * Installs packages; `root` is what goes before a command to run it as root, `whereThereIs` names packages that only
 * some releases have.
 */
export async function installPackages(setup, title, packages, { root = [], whereThereIs = [], wayOut } = {}) {
  const apt = (words, args) => {
    const [command, ...rest] = [...root, "apt-get", ...args];
    return longRun(setup, words, command, rest, { env: { DEBIAN_FRONTEND: "noninteractive" }, wayOut });
  };
  await apt("Update the package lists", ["update"]);
  const there = [];
  for (const name of whereThereIs) {
    if ((await run("apt-cache", ["show", name], { env: setup.env })).code === 0) there.push(name);
  }
  await apt(`Install ${title}`, ["install", "-y", "--no-install-recommends", ...packages, ...there]);
}
