// docker-machine from its Go module, where the vendor's downloads can't be reached.

import { buildGoTool } from "./go-tool.mjs";

export function buildDockerMachine(setup) {
  return buildGoTool(setup, {
    title: "docker-machine",
    source: "docker-machine",
    module: "github.com/docker/machine",
    main: "cmd/docker-machine",
    version: "version.GitCommit",
    file: "docker-machine",
  });
}
