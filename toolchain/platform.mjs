// What runs of a stack's platform, as its engine and its state tell.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { atEngine, ownerOf, readState } from "./remains.mjs";
import { root, run, SetupError } from "./steps.mjs";

/** The stack's outputs. */
export async function outputs(setup, stack) {
  const { code, stdout, stderr } = await run("pulumi", ["stack", "output", "--json", "--stack", stack], setup);
  if (code !== 0 && !stderr.includes("no stack named")) throw new SetupError(stderr.trim().replace(/^error: /, ""));
  const all = JSON.parse(code === 0 ? stdout : "{}");
  if (all.images === undefined) throw new SetupError(`Nothing of stack ${stack} runs: npm run up -- --stack ${stack}`);
  return all;
}

/** The set-up for docker commands about a stack: at the engine that it lives on, whichever the shell's own is. */
export async function atStack(setup, stack) {
  return { ...setup, env: atEngine(setup.env, ownerOf(await readState(setup, stack))) };
}

/** The containers of the stack's platform, also those that have ended, by a set-up at its engine. */
export async function containers(setup, stack) {
  const filter = `label=mia.platform=${platformName(stack)}`;
  const ids = await docker(setup, "ps", "--all", "--quiet", "--no-trunc", "--filter", filter);
  if (ids === "") return [];
  // One may be gone meanwhile: of the others it still tells.
  const { stdout } = await run("docker", ["container", "inspect", ...ids.split("\n")], setup);
  return JSON.parse(stdout || "[]").map(({ Id, Name, Config, State, NetworkSettings }) => ({
    id: Id,
    name: Name.slice(1),
    part: Config.Labels["mia.part"],
    stack: Config.Labels["mia.stack"],
    state: State,
    registered: Config.Env.some((variable) => /^SERVICE_\d+_NAME=/.test(variable)),
    ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, published]) =>
      (published ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}→${port.split("/")[0]}`),
    ),
  }));
}

/** `<project>-<stack>`, as platform/environment.ts has it. */
export function platformName(stack) {
  const project = /^name: *(\S+)/m.exec(readFileSync(join(root, "Pulumi.yaml"), "utf8"))[1];
  return `${project}-${stack.split("/").pop()}`;
}

async function docker(setup, ...args) {
  const { code, stdout, stderr } = await run("docker", args, setup);
  if (code !== 0) throw new SetupError(`docker ${args[0]} failed: ${stderr.trim()}`);
  return stdout.trim();
}
