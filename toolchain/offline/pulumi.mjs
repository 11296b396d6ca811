// The Pulumi engine, its Node host and its plugins from Go modules, where the vendor's downloads can't be reached.

import { cpSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { addPath, cache, longRun, moveInto, root, run, setVariable, which } from "../steps.mjs";
import { contentHash } from "../../delivery/content-hash.mjs";

export const minimumGo = "1.26";

const sources = join(root, "toolchain/offline/go");
const parts = ["pulumi", "language-nodejs", "plugins"];
const plugins = ["docker", "random", "command"];

/** The version of the Go on PATH, or undefined. */
export async function goVersion(setup) {
  if (which("go", setup.env) === undefined) return undefined;
  return /go version go([\d.]+)/.exec((await run("go", ["version"], { env: setup.env })).stdout)?.[1];
}

/** Where the build of just these sources and SDK versions is kept. */
function folder() {
  return join(
    cache,
    `pulumi-${contentHash(
      parts.map((part) => join(sources, part)),
      JSON.stringify(versions()),
    )}`,
  );
}

/** The build that an earlier run, perhaps of another clone, has left. */
export function cachedPulumi() {
  const target = folder();
  return existsSync(target) ? target : undefined;
}

/** Builds what is missing, and says in the environment where it is. */
export async function buildPulumi(setup) {
  const target = folder();
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
    /github.com\/pulumi\/pulumi\/\w+\/v3 v(\S+)/.exec(readFileSync(join(sources, part, "go.mod"), "utf8"))[1];
  return {
    engine: required("pulumi"),
    host: required("language-nodejs"),
    ...Object.fromEntries(plugins.map((name) => [name, dependencies[`@pulumi/${name}`]])),
  };
}

async function build(setup, target) {
  const fresh = `${target}.${process.pid}`;
  const bin = join(fresh, "bin");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  const version = versions();
  const go = (title, part, flags, packages, output, cwd = join(sources, part)) =>
    longRun(setup, title, "go", ["build", "-ldflags", ["-s -w", ...flags].join(" "), "-o", output, ...packages], {
      cwd,
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false -tags=no_compose" },
      wayOut: "If Go can't reach its module proxy, set GOPROXY and try again.",
    });
  const engineVersion = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

  await go(
    "Build the Pulumi engine",
    "pulumi",
    [`-X ${engineVersion}=v${version.engine}`],
    ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
    join(bin, "pulumi"),
  );
  await go(
    "Build Pulumi's Node host",
    "language-nodejs",
    [`-X ${engineVersion}=v${version.host}`],
    ["."],
    join(bin, "language-nodejs"),
    await hostWithPassThrough(setup, join(fresh, "host")),
  );
  rmSync(join(fresh, "host"), { recursive: true });
  // This host is older than Pulumi.yaml's runtime.options: told by a flag, it too leaves TypeScript to Node.
  writeFileSync(
    join(bin, "pulumi-language-nodejs"),
    '#!/bin/sh\nexec "${0%/*}/language-nodejs" -typescript=false "$@"\n',
  );
  chmodSync(join(bin, "pulumi-language-nodejs"), 0o755);

  const made = join(fresh, "made");
  await go(
    "Build Pulumi's plugins",
    "plugins",
    plugins.map((name) => `-X mia/offline/plugins/${name}p.Version=${version[name]}`),
    ["./cmd/..."],
    `${made}/`,
  );
  const schemas = JSON.parse(await longRun(setup, "Write the plugins' schemas", join(made, "schemas"), [], {}));
  for (const name of plugins) {
    const folder = join(fresh, "plugins", name);
    mkdirSync(folder, { recursive: true });
    cpSync(join(made, `pulumi-resource-${name}`), join(folder, `pulumi-resource-${name}`));
    if (schemas[name] !== undefined) writeFileSync(join(folder, "schema.json"), JSON.stringify(schemas[name]));
    await longRun(
      setup,
      `Install the plugin ${name}`,
      join(bin, "pulumi"),
      ["plugin", "install", "resource", name, `v${version[name]}`, "--file", folder],
      { env: { PULUMI_HOME: join(fresh, "home"), PULUMI_SKIP_UPDATE_CHECK: "true" } },
    );
  }
  rmSync(made, { recursive: true });
  rmSync(join(fresh, "plugins"), { recursive: true });
  moveInto(fresh, target);
}

/** The host's package, with go/language-nodejs/pass-through.go and the one line that uses it. */
async function hostWithPassThrough(setup, folder) {
  const part = join(sources, "language-nodejs");
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
