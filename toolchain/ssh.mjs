// What only the end-to-end tests need: an ssh client.

import { installPackages, isDebian } from "./apt.mjs";
import { run, SetupError, step, which } from "./steps.mjs";

export async function ssh(setup) {
  await step(setup, "ssh", async () => {
    if (which("ssh-keygen", setup.env) === undefined) {
      if (!isDebian() || process.getuid?.() !== 0) {
        throw new SetupError("There is no ssh client, and only on Debian, as root, is one installed: install OpenSSH.");
      }
      await installPackages(setup, "OpenSSH", ["openssh-client"]);
    }
    return /OpenSSH_([^\s,]+)/.exec((await run("ssh", ["-V"], { env: setup.env })).stderr)?.[1];
  });
}
