// What only `npm run sbom` needs: syft, which says what is in an image.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../platform/versions.mjs";
import { fetchBytes } from "./download.mjs";
import { goVersion, minimumGo } from "./offline/pulumi.mjs";
import { buildSyft } from "./offline/syft.mjs";
import { addPath, answers, cache, moveInto, run, say, SetupError, step, which } from "./steps.mjs";

const version = "1.57.0";
const releases = process.env.MIA_SYFT_RELEASES || "https://github.com/anchore/syft/releases/download"; // a mirror, if need be

/** Finds it on PATH, downloads it, or builds it. */
export async function syft(setup) {
  await step(setup, "syft", async () => {
    const installed = which("syft", setup.env);
    if (installed !== undefined) {
      const found = await versionOf(installed, setup);
      if (atLeast(found ?? "0", "1.0")) return `${found} (${installed})`;
      say(`  syft ${found ?? "of no known version"} at ${installed} is not used: 1.0 or newer is needed`);
    }
    const folder = join(cache, `syft-v${version}`);
    const how = existsSync(folder) ? "brought by an earlier run" : await bring(setup, folder);
    addPath(setup, folder);
    return `${version}, ${how}`;
  });
}

/** Says how it came. */
async function bring(setup, folder) {
  const system = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
  const url = `${releases}/v${version}/syft_${version}_${system}.tar.gz`;
  if (await answers(url)) {
    await download(setup, url, folder);
    return "downloaded";
  }
  if (!atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
    throw new SetupError(
      `syft is not on PATH, ${new URL(url).host} does not answer, and there is no Go ${minimumGo} to build it with: ` +
        "install syft (https://github.com/anchore/syft/releases) or Go (https://go.dev/doc/install) and try again.",
    );
  }
  await buildSyft(setup);
  return "built from its Go modules";
}

async function download(setup, url, folder) {
  const archive = await fetchBytes(url, "install syft yourself");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  await run("tar", ["-xzf", "-", "-C", fresh, "syft"], { input: archive });
  if ((await versionOf(join(fresh, "syft"), setup)) !== version) {
    rmSync(fresh, { recursive: true });
    throw new SetupError(`${url} is not syft ${version}: try again, or install syft yourself.`);
  }
  moveInto(fresh, folder);
}

async function versionOf(file, { env }) {
  return /^Version:\s+v?(\d\S*)/m.exec((await run(file, ["version"], { env })).stdout)?.[1];
}
