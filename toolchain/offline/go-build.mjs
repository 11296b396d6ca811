// Programs from Go modules, where the vendor's downloads can't be reached.

import { longRun } from "../steps.mjs";

/** The compiler collects its garbage seldom, which makes it a fifth faster, unless memory gets short. */
const compiler = { GOGC: "400", GOMEMLIMIT: "1500MiB", CGO_ENABLED: "0" };

/** Builds the main `packages` of the module in `cwd` into `output`; the linker gets `flags` beside those that leave out what only debuggers need. */
export async function goBuild(setup, title, { cwd, packages, output, flags = [], tags = [] }) {
  await longRun(setup, title, "go", ["build", "-ldflags", ["-s -w", ...flags].join(" "), "-o", output, ...packages], {
    cwd,
    env: { ...compiler, GOFLAGS: ["-buildvcs=false", ...tags.map((tag) => `-tags=${tag}`)].join(" ") },
    wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
  });
}
