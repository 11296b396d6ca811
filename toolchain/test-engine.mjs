// What only the end-to-end tests need: a Docker Engine of the version that users have, which tests start for themselves.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../platform/versions.mjs";
import { installPackages, isDebian } from "./apt.mjs";
import { fetchBytes } from "./download.mjs";
import { buildEngine } from "./offline/engine.mjs";
import { goVersion, minimumGo } from "./offline/pulumi.mjs";
import { answers, cache, moveInto, run, say, SetupError, setVariable, step, which } from "./steps.mjs";

const version = "29.0.0";
const releases = process.env.MIA_DOCKER_RELEASES || "https://download.docker.com/linux/static/stable"; // a mirror, if need be

/** Finds an engine of that version on PATH, downloads it, or builds it; MIA_TEST_ENGINE is the folder of its programs. */
export async function testEngine(setup) {
  await step(setup, "Test engine", async () => {
    await ensureIptables(setup);
    if (setup.env.MIA_TEST_ENGINE) return `${setup.env.MIA_TEST_ENGINE} (MIA_TEST_ENGINE)`;
    const folder = join(cache, `docker-v${version}`);
    if (existsSync(folder)) return use(setup, folder, "downloaded by an earlier run");
    const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
    const url = `${releases}/${machine}/docker-${version}.tgz`;
    if (await answers(url)) {
      await download(setup, url, folder);
      return use(setup, folder, "downloaded");
    }
    if (!atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
      throw new SetupError(
        `${new URL(url).host} does not answer, and there is no Go ${minimumGo} to build Docker Engine ${version} with: ` +
          "install Go (https://go.dev/doc/install) and try again, or let MIA_TEST_ENGINE name a folder with dockerd, containerd and runc.",
      );
    }
    return use(setup, await buildEngine(setup, version), "built from its Go modules");
  });
}

function use(setup, folder, how) {
  setVariable(setup, "MIA_TEST_ENGINE", folder);
  return `${version}, ${how}`;
}

/** Test engines leave the machine's firewall alone; the tests add the rules that they need themselves. */
async function ensureIptables(setup) {
  const env = { ...setup.env, PATH: `${setup.env.PATH}:/usr/sbin:/sbin` };
  if (which("iptables", env) !== undefined && which("ip", env) !== undefined) return;
  if (!isDebian({ orLike: true }) || process.getuid?.() !== 0) {
    throw new SetupError("The tests' engines need iptables and ip (iproute2): install them and try again.");
  }
  await installPackages(setup, "iptables", ["iptables", "iproute2"]);
}

async function download(setup, url, folder) {
  const archive = await fetchBytes(url, "let MIA_TEST_ENGINE name a folder with dockerd, containerd and runc");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const args = ["-xzf", "-", "-C", fresh, "--strip-components=1"];
  const unpacked = await run("tar", args, { input: archive, env: setup.env });
  if (unpacked.code !== 0) {
    rmSync(fresh, { recursive: true });
    throw new SetupError(`${url} can't be unpacked (${unpacked.stderr.trim()}): try again.`);
  }
  // The archive holds the client too, and tests use the one that the user has.
  rmSync(join(fresh, "docker"), { force: true });
  moveInto(fresh, folder);
  say(`  Docker Engine ${version} is in ${folder}`);
}
