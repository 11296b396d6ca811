// Docker Compose from its Go modules, where the vendor's downloads can't be reached.

import { buildGoTool } from "./go-tool.mjs";

export function buildCompose(setup) {
  return buildGoTool(setup, {
    title: "Docker Compose",
    program: "compose",
    module: "github.com/docker/compose/v2",
    version: "internal.Version",
    file: "docker-compose",
  });
}
