// The docker command's plugin buildx from its Go modules, where the vendor's downloads can't be reached.

import { cpSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { buildGoTool } from "./go-tool.mjs";

/** Builds it and puts it where the docker command looks: for every user where that can be done. */
export async function installBuildx(setup) {
  const { folder, version } = await buildGoTool(setup, {
    title: "buildx",
    program: "buildx",
    module: "github.com/docker/buildx",
    version: "version.Version",
    file: "docker-buildx",
  });
  const root = process.getuid?.() === 0;
  const plugins = join(
    root ? "/usr/local/lib/docker" : process.env.DOCKER_CONFIG || join(homedir(), ".docker"),
    "cli-plugins",
  );
  mkdirSync(plugins, { recursive: true });
  cpSync(join(folder, "docker-buildx"), join(plugins, "docker-buildx"));
  return version;
}
