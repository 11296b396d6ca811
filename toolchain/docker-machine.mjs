// What only a stack with `mia:machine.driver: docker-machine` needs: that command, unless its config names another.

import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../platform/versions.mjs";
import { fetchBytes } from "./download.mjs";
import { buildDockerMachine } from "./offline/docker-machine.mjs";
import { goVersion, minimumGo } from "./offline/pulumi.mjs";
import { addPath, answers, cache, configured, moveInto, run, say, SetupError, step, which } from "./steps.mjs";

const version = "0.16.2"; // the last there will be
const releases = process.env.MIA_DOCKER_MACHINE_RELEASES || "https://github.com/docker/machine/releases/download"; // a mirror, if need be

export async function dockerMachine(setup, stack) {
  if (configured(stack, "machine.driver") !== "docker-machine" || configured(stack, "machine.binary")) return;
  await ensureDockerMachine(setup);
}

/** Makes sure of docker-machine on PATH, whatever the stacks say. */
export async function ensureDockerMachine(setup) {
  await step(setup, "docker-machine", async () => {
    const installed = which("docker-machine", setup.env);
    if (installed !== undefined) {
      const found = await versionOf(installed, setup);
      if (atLeast(found ?? "0", "0.16")) return `${found} (${installed})`;
      say(`  docker-machine ${found ?? "of no known version"} at ${installed} is not used: 0.16 or newer is needed`);
    }
    const folder = join(cache, `docker-machine-v${version}`);
    const how = existsSync(folder) ? "brought by an earlier run" : await bring(setup, folder);
    addPath(setup, folder);
    return `${version}, ${how}`;
  });
}

/** Says how it came. */
async function bring(setup, folder) {
  const url = `${releases}/v${version}/docker-machine-${build()}`;
  if (await answers(url)) {
    await download(setup, url, folder);
    return "downloaded";
  }
  if (!atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
    throw new SetupError(
      `docker-machine is not on PATH, ${new URL(url).host} does not answer, and there is no Go ${minimumGo} to build it with: ` +
        "install docker-machine (https://github.com/docker/machine/releases) or Go (https://go.dev/doc/install) and try again, or name another in mia:machine.binary.",
    );
  }
  await buildDockerMachine(setup);
  return "built from its Go modules";
}

/** As its releases name what they are for; there is none for Apple's own processors, which run the other. */
function build() {
  if (process.platform === "darwin") return "Darwin-x86_64";
  return process.arch === "arm64" ? "Linux-aarch64" : "Linux-x86_64";
}

async function download(setup, url, folder) {
  const program = await fetchBytes(url, "install docker-machine yourself");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const file = join(fresh, "docker-machine");
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  if ((await versionOf(file, setup)) !== version) {
    rmSync(fresh, { recursive: true });
    throw new SetupError(`${url} is not docker-machine ${version}: try again, or install docker-machine yourself.`);
  }
  moveInto(fresh, folder);
}

async function versionOf(file, { env }) {
  return /version (\d\S*?),/.exec((await run(file, ["--version"], { env })).stdout)?.[1];
}
