// What is in images of our own, a file of SPDX for each.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root, run, say, SetupError } from "./steps.mjs";

/** Writes them into a folder, from images on an engine. */
export async function writeBills(engine, images, folder) {
  mkdirSync(folder, { recursive: true });
  for (const { part, name } of images) {
    const file = join(folder, `${part}.spdx.json`);
    await writeBill(engine, name, file);
    // A package for each, and one that is the image itself.
    const packages = JSON.parse(readFileSync(file, "utf8")).packages.length - 1;
    say(`✔ ${relative(root, file)}: ${packages} packages in ${name}`);
  }
}

/** From what the docker command saves: syft knows fewer ways to an engine. */
async function writeBill(engine, name, file) {
  const folder = mkdtempSync(join(tmpdir(), "mia-sbom-"));
  try {
    const archive = join(folder, "image.tar");
    const saved = await run("docker", ["save", "--output", archive, name], { env: { ...process.env, ...engine } });
    if (saved.code !== 0) throw new SetupError(`${name} could not be saved (docker save: ${saved.stderr.trim()}).`);
    const [source, version] = name.split(/:(?=[^:]*$)/);
    const words = ["--quiet", "--source-name", source, "--source-version", version, "--output", `spdx-json=${file}`];
    const env = { ...process.env, SYFT_CHECK_FOR_APP_UPDATE: "false", TMPDIR: folder };
    const listed = await run("syft", [`docker-archive:${archive}`, ...words], { env });
    if (listed.code !== 0) throw new SetupError(`syft could not say what is in ${name}: ${listed.stderr.trim()}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
