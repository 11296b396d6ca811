// Debian's and Ubuntu's packages.

import { longRun, run } from "./steps.mjs";

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
