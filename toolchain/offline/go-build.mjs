// Programs from Go modules, where the vendor's downloads can't be reached.

import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { longRun, root, run } from "../steps.mjs";
import { goPrograms } from "./go-programs.mjs";

/** The compiler collects its garbage seldom, which makes it a fifth faster, up to its share of half the memory. */
const { GOGC = "400", GOMEMLIMIT = `${Math.floor(totalmem() / 2 / cpus().length / 2 ** 20)}MiB` } = process.env;

/** The folder of a program's go.mod. */
export function sourceOf(program) {
  return join(root, "toolchain/offline/go", program);
}

/**
 * Builds a `program` of go-programs.mjs into `output`; the linker gets `flags` beside those that leave out what only debuggers
 * need. Its source is elsewhere where `cwd` says so.
 */
export async function goBuild(setup, title, { program, output, flags = [], cwd = sourceOf(program) }) {
  const { packages, ...how } = goPrograms[program];
  const linking = ["-s -w", ...flags].join(" ");
  await longRun(setup, title, "go", ["build", "-ldflags", linking, "-o", output, ...packages], {
    cwd,
    env: { GOGC, GOMEMLIMIT, ...environmentOf(how) },
    wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
  });
}

function environmentOf({ tags = [], cgo = false }) {
  return { CGO_ENABLED: cgo ? "1" : "0", GOFLAGS: `-buildvcs=false -tags=${tags.join(",")}` };
}

/**
 * Downloads modules of programs that later steps may build, one program after the other, while the
 * compiler runs: a third of a build's time is waiting for downloads. A failure is ignored, since
 * the build downloads what is missing.
 */
export async function downloadEarly(setup, programs, signal) {
  for (const program of programs) {
    if (signal.aborted) return;
    const { packages, ...how } = goPrograms[program];
    const env = { ...setup.env, ...environmentOf(how) };
    await run("go", ["list", "-deps", ...packages], { cwd: sourceOf(program), env, signal });
  }
}
