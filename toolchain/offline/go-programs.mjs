// The programs that are built from Go modules, by their folder in go/: the packages, build tags, and whether they have parts in C.

import { readFileSync } from "node:fs";

const { equivalents } = JSON.parse(readFileSync(new URL("images/equivalents.json", import.meta.url), "utf8"));

/** @type {Record<string, { packages: string[], tags?: string[], cgo?: boolean }>} */
export const goPrograms = {
  pulumi: { packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"] },
  "language-nodejs": { packages: ["."] },
  plugins: { packages: ["./cmd/..."], tags: ["no_compose"] },
  buildx: { packages: ["github.com/docker/buildx/cmd/buildx"] },
  // Programs inside the equivalents of upstream images.
  ...Object.fromEntries(
    equivalents.flatMap(({ go }) => (go === undefined ? [] : [[go.module, { packages: [go.package] }]])),
  ),
  engine: {
    packages: [
      "github.com/moby/moby/v2/cmd/dockerd",
      "github.com/moby/moby/v2/cmd/docker-proxy",
      "github.com/containerd/containerd/v2/cmd/containerd",
      "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
    ],
  },
  runc: { packages: ["github.com/opencontainers/runc"], tags: ["seccomp"], cgo: true },
  "docker-machine": { packages: ["github.com/docker/machine/cmd/docker-machine"] },
  syft: { packages: ["github.com/anchore/syft/cmd/syft"] },
  compose: { packages: ["github.com/docker/compose/v2/cmd"] },
};
