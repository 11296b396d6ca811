// A command from its Go module, where the vendor's downloads can't be reached.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, moveInto, root } from "../steps.mjs";
import { goBuild } from "./go-build.mjs";

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
    await goBuild(setup, `Build ${title}`, {
      cwd,
      packages: [`${module}/${main}`],
      output: join(fresh, file),
      flags: [`-X ${held}=v${version}`],
    });
    moveInto(fresh, folder);
  }
  return { folder, version };
}
