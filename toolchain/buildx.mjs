// Step 4: BuildKit, which builds the images of our own.

import { atLeast } from "../platform/versions.mjs";
import { installBuildx } from "./offline/buildx.mjs";
import { goVersion, minimumGo } from "./offline/pulumi.mjs";
import { run, SetupError, step } from "./steps.mjs";

// Before it the docker command speaks to the engine's BuildKit by itself.
const needsPlugin = "23.0.0";

export async function buildx(setup) {
  await step(setup, "BuildKit", async () => {
    const plugin = await run("docker", ["buildx", "version"], { env: setup.env });
    if (plugin.code === 0) return `by buildx ${/v?(\d+\.\S+)/.exec(plugin.stdout)?.[1] ?? ""}`;
    const client = await run("docker", ["version", "--format", "{{.Client.Version}}"], { env: setup.env });
    if (!atLeast(client.stdout, needsPlugin)) return `by docker ${client.stdout.trim()}`;
    if (!atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
      throw new SetupError(
        `The docker command has no buildx, and there is no Go ${minimumGo} to build it with: install buildx (https://github.com/docker/buildx#installing) or Go (https://go.dev/doc/install) and try again.`,
      );
    }
    return `by buildx ${await installBuildx(setup)}, built from its Go modules`;
  });
}
