// Step 2: the Pulumi engine.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../platform/versions.mjs";
import { fetchBytes } from "./download.mjs";
import { buildPulumi, cachedPulumi, goVersion, minimumGo } from "./offline/pulumi.mjs";
import { addPath, answers, cache, moveInto, root, run, say, SetupError, setVariable, step, which } from "./steps.mjs";

const minimum = "3.253.0";
const releases = process.env.MIA_PULUMI_RELEASES || "https://get.pulumi.com/releases/sdk"; // a mirror, if need be

export async function pulumi(setup) {
  await step(setup, "Pulumi", async () => {
    const installed = which("pulumi", setup.env);
    if (installed !== undefined) {
      const version = (await run(installed, ["version"], { env: setup.env })).stdout.trim();
      if (/^v?3\./.test(version) && atLeast(version, minimum)) return `${version} (${installed})`;
      say(`  Pulumi ${version || "of no known version"} at ${installed} is not used: 3.x from ${minimum} on is needed`);
    }
    setVariable(setup, "PULUMI_SKIP_UPDATE_CHECK", "true");

    const { version, folder, url } = official();
    if (existsSync(join(folder, "pulumi"))) {
      addPath(setup, folder);
      return `${version}, downloaded`;
    }
    const built = cachedPulumi();
    if (built === undefined && (await answers(url))) {
      await download(url, version, folder);
      addPath(setup, folder);
      return `${version}, downloaded`;
    }
    if (built === undefined && !atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
      throw new SetupError(
        `Pulumi is not on PATH, ${new URL(url).host} does not answer, and there is no Go ${minimumGo} to build it with: ` +
          "install Pulumi (https://www.pulumi.com/docs/install) or Go (https://go.dev/doc/install) and try again.",
      );
    }
    return buildPulumi(setup);
  });
}

/** The official build of the version that the SDK in package.json has. */
function official() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = dependencies["@pulumi/pulumi"];
  const platform = `${process.platform}-${process.arch}`;
  return {
    version,
    folder: join(cache, `pulumi-v${version}`),
    url: `${releases}/pulumi-v${version}-${platform}.tar.gz`,
  };
}

async function download(url, version, folder) {
  const archive = await fetchBytes(url, "install Pulumi yourself");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const unpacked = await run("tar", ["-xzf", "-", "-C", fresh, "--strip-components=1"], { input: archive });
  const got = (await run(join(fresh, "pulumi"), ["version"])).stdout.trim();
  if (unpacked.code !== 0 || got !== `v${version}`) {
    rmSync(fresh, { recursive: true });
    throw new SetupError(
      `${url} is not Pulumi ${version} (${unpacked.stderr.trim() || got}): try again, or install Pulumi yourself.`,
    );
  }
  moveInto(fresh, folder);
}
