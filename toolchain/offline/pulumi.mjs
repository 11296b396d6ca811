// The Pulumi engine, its Node host and its plugins from Go modules, where the vendor's downloads can't be reached.

import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { addPath, cache, longRun, moveInto, root, run, setVariable, which } from "../steps.mjs";
import { contentHash } from "../../delivery/content-hash.mjs";
import { downloadEarly, goBuild, sourceOf } from "./go-build.mjs";

export const minimumGo = "1.26";

const parts = ["pulumi", "language-nodejs", "plugins"];
const plugins = ["docker", "random", "tls", "command"];

/** The version of the Go on PATH, or undefined. */
export async function goVersion(setup) {
  if (which("go", setup.env) === undefined) return undefined;
  return /go version go([\d.]+)/.exec((await run("go", ["version"], { env: setup.env })).stdout)?.[1];
}

/** Where a build of just these parts' sources and these versions is kept. */
function folder(name, parts, versions) {
  const hash = contentHash(parts.map(sourceOf), JSON.stringify(versions));
  return join(cache, `${name}-${hash}`);
}

function whole() {
  return folder("pulumi", parts, versions());
}

/** The build that an earlier run, perhaps of another clone, has left. */
export function cachedPulumi() {
  const target = whole();
  return existsSync(target) ? target : undefined;
}

/** Builds what is missing, and says in the environment where it is. */
export async function buildPulumi(setup) {
  const target = whole();
  if (!existsSync(target)) await build(setup, target);
  // Where the user is logged in stays where it was; only plugins and the chosen stacks are kept apart, so that
  // no other project ever meets these plugins under the official ones' names.
  if (setup.env.PULUMI_CREDENTIALS_PATH === undefined) {
    setVariable(setup, "PULUMI_CREDENTIALS_PATH", setup.env.PULUMI_HOME || join(homedir(), ".pulumi"));
  }
  setVariable(setup, "PULUMI_HOME", join(target, "home"));
  setVariable(setup, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true");
  addPath(setup, join(target, "bin"));
  return `${versions().engine}, built from its Go modules`;
}

/** The engine's version is its go.mod's; the plugins' are those of the npm SDKs. */
function versions() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const required = (part) =>
    /github.com\/pulumi\/pulumi\/\w+\/v3 v(\S+)/.exec(readFileSync(join(sourceOf(part), "go.mod"), "utf8"))[1];
  return {
    engine: required("pulumi"),
    host: required("language-nodejs"),
    ...Object.fromEntries(plugins.map((name) => [name, dependencies[`@pulumi/${name}`]])),
  };
}

/** Puts the parts together; only those that have changed are built. */
async function build(setup, target) {
  const { engine, host, ...sdks } = versions();
  const over = new AbortController();
  void downloadEarly(setup, ["plugins", "buildx", "consul-template", "consul", ...setup.later], over.signal);
  const made = {};
  try {
    made.engine = await part("pulumi-engine", ["pulumi"], { engine }, (to) => buildEngine(setup, engine, to));
    made.host = await part("pulumi-host", ["language-nodejs"], { host }, (to) => buildHost(setup, host, to));
    made.plugins = await part("pulumi-plugins", ["plugins"], sdks, (to) => buildPlugins(setup, sdks, to));
  } finally {
    over.abort();
  }
  await make(target, async (fresh) => {
    const bin = join(fresh, "bin");
    mkdirSync(bin);
    for (const from of [made.engine, made.host]) {
      for (const file of readdirSync(from)) linkSync(join(from, file), join(bin, file));
    }
    for (const name of plugins) await install(setup, name, sdks[name], join(made.plugins, name), fresh);
  });
}

/** A part, as an earlier build of the same has left it or made now. */
async function part(name, sources, versions, build) {
  const target = folder(name, sources, versions);
  if (!existsSync(target)) await make(target, build);
  return target;
}

/** Makes a folder that is there whole or not at all. */
async function make(target, fill) {
  const fresh = `${target}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await fill(fresh);
  moveInto(fresh, target);
}

async function buildEngine(setup, version, folder) {
  await goBuild(setup, "Build the Pulumi engine", {
    program: "pulumi",
    flags: [`-X ${engineVersion}=v${version}`],
    output: join(folder, "pulumi"),
  });
}

async function buildHost(setup, version, folder) {
  const source = await hostWithPassThrough(setup, join(folder, "source"));
  await goBuild(setup, "Build Pulumi's Node host", {
    program: "language-nodejs",
    flags: [`-X ${engineVersion}=v${version}`],
    output: join(folder, "language-nodejs"),
    cwd: source,
  });
  rmSync(source, { recursive: true });
  // This host is older than Pulumi.yaml's runtime.options: told by a flag, it too leaves TypeScript to Node.
  writeFileSync(
    join(folder, "pulumi-language-nodejs"),
    '#!/bin/sh\nexec "${0%/*}/language-nodejs" -typescript=false "$@"\n',
    { mode: 0o755 },
  );
}

/** A folder for each plugin, as Pulumi installs it. */
async function buildPlugins(setup, versions, folder) {
  const made = join(folder, "made");
  await goBuild(setup, "Build Pulumi's plugins", {
    flags: plugins.map((name) => `-X mia/offline/plugins/${name}p.Version=${versions[name]}`),
    program: "plugins",
    output: `${made}/`,
  });
  const schemas = JSON.parse(await longRun(setup, "Write the plugins' schemas", join(made, "schemas"), [], {}));
  for (const name of plugins) {
    const target = join(folder, name);
    mkdirSync(target);
    renameSync(join(made, `pulumi-resource-${name}`), join(target, `pulumi-resource-${name}`));
    if (schemas[name] !== undefined) writeFileSync(join(target, "schema.json"), JSON.stringify(schemas[name]));
  }
  rmSync(made, { recursive: true });
}

async function install(setup, name, version, from, folder) {
  await longRun(
    setup,
    `Install the plugin ${name}`,
    join(folder, "bin/pulumi"),
    ["plugin", "install", "resource", name, `v${version}`, "--file", from],
    { env: { PULUMI_HOME: join(folder, "home"), PULUMI_SKIP_UPDATE_CHECK: "true" } },
  );
}

const engineVersion = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** The host's package, with go/language-nodejs/pass-through.go and the one line that uses it. */
async function hostWithPassThrough(setup, folder) {
  const part = sourceOf("language-nodejs");
  const sdk = "github.com/pulumi/pulumi/sdk/v3";
  const downloaded = await longRun(setup, "Get Pulumi's Node host", "go", ["mod", "download", "-json", sdk], {
    cwd: part,
  });
  const from = join(JSON.parse(downloaded).Dir, "nodejs/cmd/pulumi-language-nodejs");
  cpSync(part, folder, { recursive: true });
  for (const file of readdirSync(from).filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"))) {
    writeFileSync(join(folder, file), readFileSync(join(from, file)));
  }
  const options = "rpcutil.OpenTracingServerInterceptorOptions(tracingSpan)";
  const main = readFileSync(join(folder, "main.go"), "utf8");
  if (!main.includes(options)) throw new Error(`${from}/main.go is not as pass-through.go expects it`);
  writeFileSync(join(folder, "main.go"), main.replace(options, `append(${options}, passThrough(conn))`));
  return folder;
}
