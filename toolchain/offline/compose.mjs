// Docker Compose from its Go modules, where the vendor's downloads can't be reached.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, longRun, moveInto, root } from "../steps.mjs";

const source = join(root, "toolchain/offline/go/compose");
const module = "github.com/docker/compose/v2";

/** Builds it where no earlier run has, and says where it is. */
export async function buildCompose(setup) {
  const [, version] = new RegExp(`${module} v(\\S+)`).exec(readFileSync(join(source, "go.mod"), "utf8"));
  const folder = join(cache, `compose-v${version}`);
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    rmSync(fresh, { recursive: true, force: true });
    const flags = `-s -w -X ${module}/internal.Version=v${version}`;
    const output = join(fresh, "docker-compose");
    await longRun(setup, "Build Docker Compose", "go", ["build", "-ldflags", flags, "-o", output, `${module}/cmd`], {
      cwd: source,
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
      wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
    });
    moveInto(fresh, folder);
  }
  return { folder, version };
}
