// What runs of a stack's platform, as its engine and its state tell.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { atEngine, ownerOf, readState } from "./remains.mjs";
import { root, run, SetupError } from "./steps.mjs";

/** The stack's outputs, without those that are secret. */
export async function outputs(setup, stack) {
  return outputsOf(await readState(setup, stack), stack);
}

/** The outputs that a stack's state holds. In a state, a secret is an object with this key. */
export function outputsOf(state, stack) {
  const top = state?.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const plain = Object.entries(top?.outputs ?? {}).filter(([, value]) => value?.[secretKey] === undefined);
  const all = Object.fromEntries(plain);
  if (all.images === undefined) throw new SetupError(`Nothing of stack ${stack} runs: npm run up -- --stack ${stack}`);
  return all;
}
const secretKey = "4dabf18193072939515e22adb298388d";

/** The set-up for docker commands about a stack: at the engine that it lives on, whichever the shell's own is. */
export async function atStack(setup, stack) {
  return atOwner(setup, await readState(setup, stack));
}

/** The same, for a stack whose state is known. */
export function atOwner(setup, state) {
  return { ...setup, env: atEngine(setup.env, ownerOf(state)) };
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
