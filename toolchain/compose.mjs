// What only the benchmarks need: Docker Compose, to be measured beside.

import { atLeast } from "../platform/versions.mjs";
import { buildCompose } from "./offline/compose.mjs";
import { goVersion, minimumGo } from "./offline/pulumi.mjs";
import { addPath, run, SetupError, step } from "./steps.mjs";

/** The version to be measured beside: figures of another are of another peer. */
const minor = "2.40.";

/** Finds `docker compose` or `docker-compose`, or builds it; MIA_COMPOSE is the command, its words separated by spaces. */
export async function compose(setup) {
  await step(setup, "Docker Compose", async () => {
    for (const command of ["docker compose", "docker-compose"]) {
      const [name, ...args] = command.split(" ");
      const found = await run(name, [...args, "version", "--short"], { env: setup.env });
      if (found.code !== 0 || !found.stdout.trim().replace(/^v/, "").startsWith(minor)) continue;
      setup.env.MIA_COMPOSE = command;
      return found.stdout.trim();
    }
    if (!atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
      throw new SetupError(
        `There is no Docker Compose ${minor}x to measure beside, and no Go ${minimumGo} to build it with: install Compose (https://docs.docker.com/compose/install) or Go (https://go.dev/doc/install) and try again.`,
      );
    }
    const { folder, version } = await buildCompose(setup);
    addPath(setup, folder);
    setup.env.MIA_COMPOSE = "docker-compose";
    return `${version}, built from its Go modules`;
  });
}
