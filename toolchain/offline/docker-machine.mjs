// docker-machine from its Go module, where the vendor's downloads can't be reached.

import { buildGoTool } from "./go-tool.mjs";

export function buildDockerMachine(setup) {
  return buildGoTool(setup, {
    title: "docker-machine",
    program: "docker-machine",
    module: "github.com/docker/machine",
    version: "version.GitCommit",
    file: "docker-machine",
  });
}
