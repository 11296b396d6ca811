// Equivalents of the catalogue's images, built from Debian packages and Go modules, in a registry on loopback:
// for a machine where no image registry answers.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { atLeast } from "../../platform/versions.mjs";
import { installPackages, isDebian } from "../apt.mjs";
import { cache, longRun, moveInto, root, run, say, SetupError, which } from "../steps.mjs";
import { contentHash } from "../../delivery/content-hash.mjs";
import { goBuild, sourceOf } from "./go-build.mjs";
import { goVersion, minimumGo } from "./pulumi.mjs";

const recipes = join(root, "toolchain/offline/images");
const address = process.env.MIA_OFFLINE_REGISTRY || "127.0.0.1:5077";
const container = "mia-offline-registry";

/** Which upstream image each recipe stands in for. */
const { equivalents } = JSON.parse(readFileSync(join(recipes, "equivalents.json"), "utf8"));

/** The images' common prefix. It holds a hash of the recipes, so that one name never means two contents. */
export const prefix = `${address}/mia/${contentHash([recipes, ...goParts().map(sourceOf)])}/`;

/** Whether every image is in the registry already. */
export async function builtImages() {
  const there = await Promise.all(equivalents.map(({ image }) => inRegistry(`${prefix}${image}`)));
  return there.every(Boolean);
}

/** Builds every image and pushes it into the registry. */
export async function buildImages(setup, refusal) {
  if (!isDebian() || process.getuid?.() !== 0) {
    throw new SetupError(
      `No image registry answers (${refusal}), and only on Debian, as root, can the images be built instead: make a registry reachable, or set mia:images to the prefix of one of yours, such as registry.example/mirror/.`,
    );
  }
  if (goParts().length > 0 && !atLeast((await goVersion(setup)) ?? "0", minimumGo)) {
    throw new SetupError(
      `No image registry answers, and building the images instead needs Go ${minimumGo}: install it (https://go.dev/doc/install), or set mia:images to the prefix of a registry of yours, such as registry.example/mirror/.`,
    );
  }
  const base = await buildBase(setup);
  await startRegistry(setup, base);
  // Go's compiler keeps all processors busy, Debian's packages half of one.
  const fromGo = equivalents.filter(({ go }) => go !== undefined);
  const others = equivalents.filter(({ go }) => go === undefined);
  await sideBySide([fromGo, others], (equivalent) => buildEquivalent(setup, equivalent, base));
}

async function buildEquivalent(setup, equivalent, base) {
  const name = `${prefix}${equivalent.image}`;
  if (await inRegistry(name)) return;
  await dockerBuild(setup, equivalent.recipe, name, base, await context(setup, equivalent));
  await longRun(setup, `Push ${equivalent.recipe}`, "docker", ["push", name], {});
}

/** Does the work of each list one after the other, and the lists side by side; where something fails, nothing more is begun. */
async function sideBySide(lists, work) {
  let failure;
  await Promise.all(
    lists.map(async (list) => {
      for (const one of list) {
        if (failure === undefined) await work(one).catch((error) => (failure ??= error));
      }
    }),
  );
  if (failure !== undefined) throw failure;
}

function goParts() {
  return equivalents.flatMap(({ go }) => (go === undefined ? [] : [go.module]));
}

async function inRegistry(name) {
  const [, path, tag] = /^[^/]+\/(.*):([^:]+)$/.exec(name);
  const accept = "application/vnd.docker.distribution.manifest.v2+json,application/vnd.oci.image.manifest.v1+json";
  try {
    const response = await fetch(`http://${address}/v2/${path}/manifests/${tag}`, {
      method: "HEAD",
      headers: { accept },
      signal: AbortSignal.timeout(5000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Debian trixie, from the mirror that this machine's apt is set up with. */
export async function buildBase(setup) {
  const name = `mia-offline-debian:${contentHash([join(recipes, "base")])}`;
  if ((await run("docker", ["image", "inspect", name], { env: setup.env })).code === 0) return name;
  if (which("mmdebstrap", setup.env) === undefined) {
    await installPackages(setup, "mmdebstrap", ["mmdebstrap"]);
  }
  await longRun(setup, "Build the Debian base", "bash", [join(recipes, "base/build.sh"), name], {});
  return name;
}

async function dockerBuild(setup, recipe, name, base, context) {
  await longRun(setup, `Build ${recipe}`, "docker", ["build", "--build-arg", `BASE=${base}`, "-t", name, context], {
    env: { DOCKER_BUILDKIT: "0" },
  });
}

/** The recipe as a build context: a copy of it with what it takes from Go's, npm's or Maven's registry, where it takes some. */
async function context(setup, { recipe, go, npm, maven }) {
  const folder = join(recipes, recipe);
  if ((go ?? npm ?? maven) === undefined) return folder;
  const files = go === undefined ? [folder] : [sourceOf(go.module), folder];
  const target = join(cache, `${recipe}-${contentHash(files, JSON.stringify({ go, npm, maven }))}`);
  if (existsSync(target)) return target;
  const fresh = `${target}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  await run("cp", ["-R", `${folder}/.`, fresh]);
  if (go !== undefined) await buildGo(setup, go, fresh);
  if (npm !== undefined) await installPackagesOfNpm(setup, npm, fresh);
  if (maven !== undefined) await getArtifact(setup, maven, fresh);
  moveInto(fresh, target);
  return target;
}

async function buildGo(setup, { module }, folder) {
  await goBuild(setup, `Build ${module} from its Go module`, {
    program: module,
    output: `${folder}/`,
  });
}

async function installPackagesOfNpm(setup, packages, folder) {
  const names = packages.map((name) => name.replace("$arch", process.arch));
  await longRun(
    setup,
    `Get ${names.join(" and ")}`,
    "npm",
    ["install", "--prefix", folder, "--ignore-scripts", ...names],
    {
      cwd: folder,
      wayOut: "If npm can't reach its registry, set its proxy or registry and try again.",
    },
  );
}

async function getArtifact(setup, { artifact, file }, folder) {
  if (which("mvn", setup.env) === undefined) await installPackages(setup, "Maven", ["maven"]);
  const get = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
  const args = ["-B", get, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`, "-Dmdep.stripVersion=true"];
  await longRun(setup, `Get ${artifact}`, "mvn", args, {
    cwd: folder,
    wayOut: "If Maven can't reach its repository, set its proxy or mirror and try again.",
  });
  if (!existsSync(join(folder, file))) throw new SetupError(`${artifact} did not bring ${file}.`);
}

async function startRegistry(setup, base) {
  if (await registryAnswers()) return;
  const name = `mia-offline-registry:${contentHash([join(recipes, "registry")])}`;
  await dockerBuild(setup, "registry", name, base, join(recipes, "registry"));
  await run("docker", ["rm", "-f", container], { env: setup.env });
  const started = await run(
    "docker",
    [
      "run",
      "-d",
      "--name",
      container,
      "--restart",
      "always",
      "-p",
      `${address}:5000`,
      "-v",
      `${container}:/var/lib/registry`,
      "-e",
      "REGISTRY_LOG_LEVEL=warn",
      name,
    ],
    { env: setup.env },
  );
  if (started.code !== 0) {
    throw new SetupError(
      `The local image registry could not start on ${address}: ${started.stderr.trim().split("\n").pop()}: free that port and try again.`,
    );
  }
  const deadline = Date.now() + 30_000;
  while (!(await registryAnswers())) {
    if (Date.now() > deadline)
      throw new SetupError(`The local image registry does not answer on ${address}: see \`docker logs ${container}\`.`);
    await sleep(200);
  }
  say(`  The images' registry runs on ${address} (container ${container})`);
}

async function registryAnswers() {
  try {
    return (await fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
