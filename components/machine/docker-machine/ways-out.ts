/** What to do about what docker-machine says of a create that failed: the first that fits. */
const ofCreate: readonly (readonly [RegExp, string | ((found: RegExpExecArray) => string)])[] = [
  [
    /ENOENT/,
    "install docker-machine (https://github.com/docker/machine/releases), let `npm run up` bring it, or name another in mia:machine.binary.",
  ],
  [
    /VBoxManage not found/,
    "install VirtualBox (https://www.virtualbox.org), or name another mia:machine.machineDriver.",
  ],
  [
    /VT-X/i,
    "enable it in the BIOS; where it is and is only not seen, set mia:machine.options.virtualbox-no-vtx-check to true.",
  ],
  [
    /E_ACCESSDENIED|host.only network/i,
    "name a range that VirtualBox allows in mia:machine.options.virtualbox-hostonly-cidr, or allow this one in /etc/vbox/networks.conf.",
  ],
  [
    /createvm.*already exists/i,
    "VirtualBox has a machine of that name that docker-machine does not know, and it is left alone: name another in mia:machine.name, or rename that one.",
  ],
  [
    /Driver "(\S+)" not found/,
    ([, name = ""]) => `correct mia:machine.machineDriver, or install docker-machine-driver-${name}.`,
  ],
  [/not defined: -+([\w-]+)/, ([, flag = ""]) => `correct mia:machine.options.${flag}.`],
  [/requires the --([\w-]+)/, ([, flag = ""]) => `pulumi config set --path mia:machine.options.${flag} …`],
  [/SSH key does not exist/, "correct mia:machine.options.generic-ssh-key."],
  [/Invalid hostname/, "correct mia:machine.name."],
  [
    /apt-get|Unable to locate package|docker: command not found/,
    "the host has no Docker and can't install it: install it there, or give it a network.",
  ],
];

/** How the sentence about a create that failed ends. */
export function wayOut(why: string, general: string): string {
  for (const [pattern, way] of ofCreate) {
    const found = pattern.exec(why);
    if (found !== null) return typeof way === "string" ? way : way(found);
  }
  return general;
}
