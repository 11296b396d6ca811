// syft from its Go modules, where the vendor's downloads can't be reached.

import { buildGoTool } from "./go-tool.mjs";

export function buildSyft(setup) {
  return buildGoTool(setup, {
    title: "syft",
    program: "syft",
    module: "github.com/anchore/syft",
    version: "main.version",
    file: "syft",
  });
}
