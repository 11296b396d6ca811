// A command from its Go module, where the vendor's downloads can't be reached.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, longRun, moveInto, root } from "../steps.mjs";

/**
 * Builds it where no earlier run has, and says where it is. What is to be known of it: its `title`, its folder in go/ with the
 * go.mod, the `module` and in that the `main` package, the variable that holds its `version` (in a package of the module, or in `main`), and the `file` that is made.
 */
export async function buildGoTool(setup, { title, source, module, main, version: variable, file }) {
  const cwd = join(root, "toolchain/offline/go", source);
  const [, version] = new RegExp(`${module} v(\\S+)`).exec(readFileSync(join(cwd, "go.mod"), "utf8"));
  const folder = join(cache, `${source}-v${version}`);
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    rmSync(fresh, { recursive: true, force: true });
    const held = variable.startsWith("main.") ? variable : `${module}/${variable}`;
    const flags = `-s -w -X ${held}=v${version}`;
    const args = ["build", "-ldflags", flags, "-o", join(fresh, file), `${module}/${main}`];
    await longRun(setup, `Build ${title}`, "go", args, {
      cwd,
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
      wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
    });
    moveInto(fresh, folder);
  }
  return { folder, version };
}
