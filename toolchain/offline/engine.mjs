// Docker Engine, containerd and runc from their Go modules, where the vendor's downloads can't be reached.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contentHash } from "../../delivery/content-hash.mjs";
import { installPackages, isDebian } from "../apt.mjs";
import { cache, moveInto, run, SetupError, which } from "../steps.mjs";
import { goBuild, sourceOf } from "./go-build.mjs";

const parts = ["engine", "runc"];

/** Builds the engine unless an earlier run has, and returns the folder of its programs. */
export async function buildEngine(setup, version) {
  const hash = contentHash(parts.map(sourceOf), version);
  const folder = join(cache, `docker-engine-${hash}`);
  if (existsSync(folder)) return folder;
  await ensureSeccomp(setup);
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await goBuild(setup, "Build Docker Engine", {
    program: "engine",
    output: `${fresh}/`,
    flags: [`-X github.com/moby/moby/v2/dockerversion.Version=${version}`],
  });
  await goBuild(setup, "Build runc", { program: "runc", output: `${fresh}/` });
  moveInto(fresh, folder);
  return folder;
}

/** Installs what runc is built with: its start-up code is C, and seccomp filters come from a C library. */
async function ensureSeccomp(setup) {
  const found = await run("sh", ["-c", "echo '#include <seccomp.h>' | gcc -E - > /dev/null"], { env: setup.env });
  if (found.code === 0 && which("gcc", setup.env) !== undefined) return;
  if (!isDebian() || process.getuid?.() !== 0) {
    throw new SetupError("runc can't be built: install gcc and the header files of libseccomp, and try again.");
  }
  await installPackages(setup, "libseccomp", ["gcc", "libc6-dev", "libseccomp-dev"]);
}
