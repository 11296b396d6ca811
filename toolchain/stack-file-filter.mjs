// A git filter for Pulumi.*.yaml: what git sees of a stack's file leaves out the salt.
//
// Pulumi writes `encryptionsalt` into that file at a stack's first use, another one in every clone, and keeps it in
// the stack's state too: taken out of the file, the next command writes it again and nothing is lost. Only where the
// file itself holds a secret does the salt belong to it, and is kept.
//
// npm's `prepare` sets the filter up (`--install`); git runs it for `status`, `diff` and `add`.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");

/** A stack's file as git is to see it. */
export function withoutIdleSalt(text) {
  return text.includes("secure:") ? text : text.replace(/^encryptionsalt:.*\n?/gm, "");
}

/** Sets the filter up in this clone, and lets git look at its stacks' files through it. */
export function installFilter() {
  try {
    // An unpacked archive, or a copy inside another repository, has no git of its own to set up.
    if (resolve(git("rev-parse", "--show-toplevel")) !== root) return;
    git("config", "--local", "filter.pulumi-stack-file.clean", "node toolchain/stack-file-filter.mjs");
    forgetSizes();
  } catch {
    // No git, no filter.
  }
}

/**
 * Git takes a file for changed as soon as its size is another than at checkout, and asks the filter only where the
 * size is unknown. So it is made to forget the sizes of the stacks' files that it has no other reason to call changed.
 */
export function forgetSizes() {
  for (const line of git("ls-files", "--stage", "--", ":(glob)**/Pulumi.*.yaml").split("\n")) {
    const [mode, hash, , file] = line.split(/\s+/);
    if (file !== undefined && git("diff", "--name-only", "--", file) === "") {
      git("update-index", "--cacheinfo", `${mode},${hash},${file}`);
    }
  }
}

function git(...args) {
  return execFileSync("git", args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
    .toString()
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "--install") installFilter();
  else process.stdout.write(withoutIdleSalt(readFileSync(0, "utf8")));
}
