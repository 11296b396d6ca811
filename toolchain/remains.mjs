// What a stack has on its engine and no state knows: left by an `up` or a `destroy` that was killed. It is recognised by the
// uuid that the state holds, which is a label of all that the stack makes (components/machine/machine.ts).

import { run, say, SetupError } from "./steps.mjs";

/**
 * Whose things they are, and where.
 * @typedef {object} Owner
 * @property {string[]} ids the values of the label mia.stack
 * @property {Record<string, string> | undefined} address how docker reaches the engine, as its environment; undefined where the stack never had one
 * @property {string | undefined} engineId
 * @property {boolean} [goesWithMachine] whether all of it goes with its machine
 */

/** A stack's state; undefined where there is no such stack. */
export async function readState(setup, stack) {
  const { code, stdout, stderr } = await run("pulumi", ["stack", "export", "--stack", stack], setup);
  if (code !== 0 && stderr.includes("no stack named")) return undefined;
  if (code !== 0) throw new SetupError(complaint(stderr));
  const exported = JSON.parse(stdout);
  const { resources = [], pending_operations: pending = [] } = exported.deployment ?? {};
  return { exported, resources, pending };
}

/** What a state knows of its owner. @returns {Owner} */
export function ownerOf(state) {
  const { resources = [] } = state ?? {};
  const uuids = resources.filter(({ type, urn }) => type === uuidType && urn.endsWith("::mia-engine"));
  const machine = resources.find(({ type }) => type === machineType);
  const { engineId, host } = uuids[0]?.outputs?.keepers ?? {};
  const ids = uuids.map(({ outputs }) => outputs?.result).filter((id) => id !== undefined);
  if (ids.length === 0) return { ids };
  const goesWithMachine = resources.some(({ deletedWith }) => deletedWith !== undefined);
  // The engine's address at the last `up` that was not refused.
  return { ids, engineId, address: machine?.outputs?.address ?? { DOCKER_HOST: host }, goesWithMachine };
}
const uuidType = "random:index/randomUuid:RandomUuid";
const machineType = "mia:platform:Machine";

/** This environment, but for docker commands that are about the engine that a stack lives on. */
export function atEngine(env, { address }) {
  return { ...env, ...address };
}

/**
 * Makes way for a destroy, whose network can't go while a container that no state knows is on it, and whose pending
 * operations would stay in the state for ever. Not while somebody else's update goes on: what that makes no state knows yet.
 */
export async function clearTheWay(setup, stack, state, owner) {
  const unknown = await unknownTo(setup, state, owner);
  if (unknown.length === 0 && state.pending.length === 0) return;
  await forgetPending(setup, stack, state);
  await removeAll(setup, unknown, owner);
}

/**
 * Forgets what was under way when a command was killed. The next `up` makes it, and removes what has become of it; but of what
 * was being made Pulumi would warn for ever. Where the state can't be had, the `up` says why.
 */
export async function forgetInterrupted(setup, stack) {
  try {
    const state = await readState(setup, stack);
    if ((state?.pending.length ?? 0) > 0) await forgetPending(setup, stack, state);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
  }
}

/** Removes what a stack has on its engine and this state does not know. */
export async function removeUnknown(setup, state, owner) {
  await removeAll(setup, await unknownTo(setup, state, owner), owner);
}

/** Writes the state without its pending operations, which Pulumi refuses while somebody has the lock. */
async function forgetPending(setup, stack, { exported }) {
  const deployment = { ...exported.deployment, pending_operations: [] };
  const input = JSON.stringify({ ...exported, deployment });
  const { code, stderr } = await run("pulumi", ["stack", "import", "--stack", stack], { ...setup, input });
  if (code !== 0) throw new SetupError(complaint(stderr));
}

/** What went wrong first, in Pulumi's own words; a sentence may go on in the next line. @returns {string} */
export function complaint(output) {
  const lines = output.split("\n").map((line) => line.trim());
  const goesOn = (line, next = "") => line.endsWith(":") || next.startsWith("because ");
  const whole = lines.map((line, i) => (goesOn(line, lines[i + 1]) ? `${line} ${lines[i + 1] ?? ""}` : line));
  const errors = whole.flatMap((line) => /^error: (?!\w+ (?:failed|canceled)$)(.+)/.exec(line)?.[1] ?? []);
  const beside =
    /^(?:error serializing property "[^"]*": )+|\.? Its last (?:log )?lines:.*|\. To unprotect the resource.*/g;
  return errors[0]?.replace(beside, "") ?? lines.findLast((line) => line !== "") ?? "it said nothing";
}

/** Whether Pulumi or a lease complains that somebody else has the stack. */
export function isBusy(output) {
  return /currently locked|already in progress|\[409\]|is taken by a run/.test(output);
}

const kinds = ["container", "network", "volume"];

async function unknownTo(setup, state, owner) {
  if (owner.ids.length === 0) return [];
  // With its machine all of it has gone.
  if (owner.goesWithMachine && ownerOf(state).ids.length === 0) return [];
  const refused = await refusal(setup, owner);
  // What only a killed run remembers has gone with its engine.
  if (refused !== undefined && ownerOf(state).ids.length === 0) return [];
  // Who can't be asked may be taken away all the same.
  if (refused !== undefined && owner.goesWithMachine) return [];
  if (refused !== undefined) throw new SetupError(refused);
  const known = new Set((state?.resources ?? []).map(({ id }) => id));
  const lists = await Promise.all(owner.ids.flatMap((id) => kinds.map((kind) => list(setup, kind, id, owner))));
  return lists.flat().filter(({ id }) => !known.has(id));
}

async function list(setup, kind, stackId, owner) {
  const [id, name] = kind === "volume" ? ["Name", "Name"] : ["ID", kind === "container" ? "Names" : "Name"];
  const all = { container: ["--all", "--no-trunc"], network: ["--no-trunc"], volume: [] }[kind];
  const filter = ["--filter", `label=mia.stack=${stackId}`, "--format", `{{.${id}}} {{.${name}}}`];
  const { code, stdout, stderr } = await docker(setup, owner, kind, "ls", ...all, ...filter);
  if (code !== 0) throw new SetupError(`The engine does not list its ${kind}s: ${stderr.trim()}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ kind, id: line.split(" ")[0], name: line.split(" ")[1] }));
}

/** All containers of a stack, whoever knows them. */
export async function containersOf(setup, owner) {
  return (await Promise.all(owner.ids.map((id) => list(setup, "container", id, owner)))).flat();
}

/** In good order; a network goes once nobody is on it, a volume once nobody has it. */
async function removeAll(setup, unknown, owner) {
  for (const kind of kinds) {
    const those = unknown.filter((one) => one.kind === kind);
    await Promise.all(those.map((one) => remove(setup, one, owner)));
  }
}

async function remove(setup, { kind, id, name }, owner) {
  say(`  ${kind} ${name} is left, and no state knows it: it goes`);
  if (kind === "container") await docker(setup, owner, "stop", id);
  const words = kind === "container" ? ["rm", "--force", "--volumes", id] : [kind, "rm", id];
  const { code, stderr, reason } = await docker(setup, owner, ...words);
  if (code !== 0 && !/no such/i.test(stderr)) {
    throw new SetupError(`The ${kind} ${name}, which no state knows, can't be removed: ${lastLine(stderr) || reason}`);
  }
}

/** Why the engine that the stack lives on can't be asked; another would know nothing of what is there. */
async function refusal(setup, owner) {
  const { address, engineId } = owner;
  const where = `The stack lives on the Docker engine ${engineId} (${address.DOCKER_HOST || address.DOCKER_CONTEXT})`;
  const wayOut = "if that is gone for good, `pulumi stack rm --force` forgets the stack.";
  const { stdout, stderr, reason } = await docker(setup, owner, "info", "--format", "{{.ID}}");
  const id = stdout.trim();
  if (id === engineId) return undefined;
  if (id !== "") return `${where}, but here that is the engine ${id}: go to where the former is; ${wayOut}`;
  return `${where}, which does not answer (${lastLine(stderr) || reason}): start it; ${wayOut}`;
}

function lastLine(text) {
  return text.trim().split("\n").pop();
}

/** Runs the docker command against the engine that the stack lives on. */
function docker({ env, detached }, owner, ...args) {
  return run("docker", args, { env: atEngine(env, owner), detached, timeout: 180_000 });
}
