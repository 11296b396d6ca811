// Programs from Go modules, where the vendor's downloads can't be reached.

import { cpus, totalmem } from "node:os";
import { longRun } from "../steps.mjs";

/** The compiler collects its garbage seldom, which makes it a fifth faster, up to its share of half the memory. */
const { GOGC = "400", GOMEMLIMIT = `${Math.floor(totalmem() / 2 / cpus().length / 2 ** 20)}MiB` } = process.env;

/**
 * Builds the main `packages` of the module in `cwd` into `output`; the linker gets `flags` beside those that leave out what only
 * debuggers need. `cgo` is for a program that has parts in C, and needs a C compiler.
 */
export async function goBuild(setup, title, { cwd, packages, output, flags = [], tags = [], cgo = false }) {
  await longRun(setup, title, "go", ["build", "-ldflags", ["-s -w", ...flags].join(" "), "-o", output, ...packages], {
    cwd,
    env: { GOGC, GOMEMLIMIT, CGO_ENABLED: cgo ? "1" : "0", GOFLAGS: `-buildvcs=false -tags=${tags.join(",")}` },
    wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
  });
}
