// A command from its Go module, where the vendor's downloads can't be reached.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, moveInto } from "../steps.mjs";
import { goBuild, sourceOf } from "./go-build.mjs";

/**
 * Builds a `program` of go-programs.mjs where no earlier run has, and returns its folder and version. The `title` is for people;
 * the `module` has the version, which the linker writes into the `variable` of a package of the module, or of `main`.
 */
export async function buildGoTool(setup, { title, program, module, version: variable, file }) {
  const mod = readFileSync(join(sourceOf(program), "go.mod"), "utf8");
  const [, version] = new RegExp(`${module} v(\\S+)`).exec(mod);
  const folder = join(cache, `${program}-v${version}`);
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    rmSync(fresh, { recursive: true, force: true });
    const held = variable.startsWith("main.") ? variable : `${module}/${variable}`;
    await goBuild(setup, `Build ${title}`, {
      program,
      output: join(fresh, file),
      flags: [`-X ${held}=v${version}`],
    });
    moveInto(fresh, folder);
  }
  return { folder, version };
}
