// `npm run test:cold`: the set-up from nothing, in stages. A fresh clone, an engine without images, and HOME and the
// caches of npm and Go in fresh folders; then a second clone that shares those caches. Once: it takes many minutes.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clone, withoutOurTools } from "../tests/e2e/support/clone.ts";
import { OwnEngine } from "../tests/e2e/support/own-engine.ts";
import { type Figure, keep } from "./support/results.ts";

interface Stage {
  name: string;
  seconds: number;
}

const home = mkdtempSync(join(tmpdir(), "mia-cold-"));
writeFileSync(join(home, "owner"), String(process.pid));
const fresh = (name: string) => {
  const folder = join(home, name);
  mkdirSync(folder);
  return folder;
};

/** Nothing of this machine's caches, and nothing that an earlier set-up brought. */
const env: NodeJS.ProcessEnv = {
  ...withoutOurTools(process.env),
  HOME: home,
  XDG_CACHE_HOME: fresh("cache"),
  GOPATH: fresh("go"),
  GOMODCACHE: fresh("gomod"),
  GOCACHE: fresh("gocache"),
  npm_config_cache: fresh("npm"),
  MIA_OFFLINE_REGISTRY: "127.0.0.1:5079",
};

/** Runs `npm run …` and takes the time at which each line of progress came. */
function run(clone: Clone, args: string[]): Promise<Stage[]> {
  return new Promise((done, fail) => {
    const child = spawn("npm", ["run", ...args], { cwd: clone.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const stages: Stage[] = [];
    let from = Date.now();
    const listen = (chunk: Buffer) => {
      process.stderr.write(chunk);
      for (const [, name = ""] of chunk.toString().matchAll(/^✔ ([^:\n]+):/gm)) {
        stages.push({ name, seconds: (Date.now() - from) / 1000 });
        from = Date.now();
      }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("close", (code) => {
      stages.push({ name: "pulumi", seconds: (Date.now() - from) / 1000 });
      if (code === 0) done(stages);
      else fail(new Error(`npm run ${args.join(" ")} ended with ${String(code)}`));
    });
  });
}

/** Every stage of a run, and all of them, beside the same stages of another. */
function figures(title: string, stages: Stage[], beside: string, others: Stage[]): Figure[] {
  const total = (all: Stage[]) => ({ name: "all", seconds: all.reduce((sum, { seconds }) => sum + seconds, 0) });
  const peers = [...others, total(others)];
  return [...stages, total(stages)].map(({ name, seconds }) => ({
    name: `${title}: ${name}`,
    unit: "s",
    ours: seconds,
    beside,
    peer: peers.find((peer) => peer.name === name)?.seconds,
  }));
}

const engine = await OwnEngine.start();
const clones: Clone[] = [];
try {
  env["DOCKER_HOST"] = engine.host;
  const first = await Clone.make({ dockerHost: engine.host, packages: false });
  clones.push(first);
  const cold = await run(first, ["up"]);
  const again = await run(first, ["up"]);
  const second = await Clone.make({ dockerHost: engine.host, packages: false });
  clones.push(second);
  await run(first, ["down", "--", "--volumes", "--yes"]);
  const shared = await run(second, ["up"]);
  await run(second, ["down", "--", "--volumes", "--yes"]);
  const stages = [
    ...figures("from nothing", cold, "a second clone, which shares the caches", shared),
    ...figures("nothing changed", again, "from nothing", cold),
  ];
  keep("set-up", "The set-up in stages", stages, 1);
} finally {
  for (const clone of clones) clone.remove();
  await engine.remove();
  rmSync(home, { recursive: true, force: true });
}
