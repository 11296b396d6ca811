import type { Container } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import type { HealthCheck } from "../platform/catalogue/infrastructure.ts";
import { quoted } from "../platform/one-line.ts";
import { type Address, docker, lastLogLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";
import { stateOf } from "./machine/states.ts";
import { isWell, type There, thereOn } from "./machine/there.ts";
import { knownValueOf, valueOf } from "./value.ts";

/** How long to wait for whom. */
export interface HealthyArgs {
  /** What the user knows it by. */
  part: string;
  /** What it runs on. */
  machine: Machine;
  /** How long it may take from now on. */
  readySeconds: number;
  /** Its health check, to be asked sooner than Docker does it. @default Docker is waited for */
  healthCheck?: HealthCheck | undefined;
}

/** How each was waited for. */
const waits = new WeakMap<Container, HealthyArgs>();

/**
 * The container, once its health check passes, or once it runs where it has none: what starts after it depends on this.
 * Docker asks for the first time after a whole interval; until it has an answer, the check is asked here. One that somebody has
 * stopped is started again. A preview waits for nothing, and says what an `up` would start.
 * @throws ResourceError that says what is wrong, with the last log lines.
 */
export async function healthy(container: Container, args: HealthyArgs): Promise<Container> {
  if (pulumi.runtime.isDryRun()) return foretell(container, args);
  waits.set(container, args);
  const id = await valueOf(container.id);
  // Most run and are well: those are asked for together.
  if (isWell(await args.machine.lately(), id)) return container;
  return waitFor(container, args);
}

async function waitFor(container: Container, args: HealthyArgs): Promise<Container> {
  const id = await valueOf(container.id);
  const deadline = Date.now() + args.readySeconds * 1000;
  let started = false;
  for (let pause = 50; ; pause = Math.min(pause * 2, 500)) {
    const state = await look(id, args.machine.address);
    if (state.kind === "healthy") return container;
    if (state.kind === "starting" && (await passes(id, args))) return container;
    if (state.kind === "stopped" && !started) {
      await pulumi.log.warn(`${args.part} ${state.words}: starting it again`, container);
      const start = await docker(args.machine.address, "container", "start", id);
      if (!start.ok) throw new pulumi.ResourceError(unstartable(args.part, id, start.why), container, true);
      started = true;
      continue;
    }
    if (state.kind === "gone") throw new pulumi.ResourceError(`${args.part} ${state.words}`, container, true);
    if (state.kind === "stopped" || Date.now() > deadline) throw await failure(container, id, args, state.words);
    await sleep(pause);
  }
}

/**
 * What has been healthy, once it is so again: what somebody told to stop before this `up` may have run until now, since
 * Docker does not say that a stop is on its way.
 */
export async function stillHealthy(container: Container): Promise<void> {
  const args = waits.get(container);
  if (args !== undefined) await waitFor(container, args);
}

/**
 * What is on the engine once Docker, too, calls all of them well: mostly that is so at once.
 * @throws ResourceError where Docker finds one ill, with its last log lines; and of `resource` where it does not say.
 */
export async function settled(
  containers: readonly Container[],
  { address }: Machine,
  resource: pulumi.Resource,
): Promise<There> {
  const list = async () => {
    const there = await thereOn(address);
    if (there.why === "") return there;
    throw new pulumi.ResourceError(`the engine does not list its containers: ${there.why}`, resource, true);
  };
  const there = await list();
  const ids = await Promise.all(containers.map(({ id }) => valueOf(id)));
  if (ids.every((id) => isWell(there, id))) return there;
  await Promise.all(containers.map(settle));
  return list();
}

/** Comes once Docker's own check of it passes, of which only that is known that it passed here. */
async function settle(container: Container): Promise<void> {
  const args = waits.get(container);
  if (args === undefined) return;
  const id = await valueOf(container.id);
  const deadline = Date.now() + args.readySeconds * 1000;
  while ((await look(id, args.machine.address)).kind === "starting" && Date.now() < deadline) await sleep(200);
  await waitFor(container, args);
}

/**
 * Whether the check passes when it is run as Docker would. It is asked for some seconds inside, since a docker command for
 * each question would take from the parts' own start more than they need.
 */
async function passes(id: string, { healthCheck, machine }: HealthyArgs): Promise<boolean> {
  const [how, ...words] = healthCheck?.tests ?? [];
  if (how === undefined || words.length === 0) return false;
  const command = how === "CMD-SHELL" ? ["/bin/sh", "-c", ...words] : words;
  return (await docker(machine.address, "container", "exec", id, "/bin/sh", "-c", patiently, ...command)).ok;
}

/** Ends by itself, also where nobody waits for it any more. */
const patiently =
  'end=$(($(date +%s) + 4)); until "$0" "$@"; do [ "$(date +%s)" -lt "$end" ] || exit 1; sleep 0.2; done';

/** What Docker shows of one that is there already, though nothing of it changes. */
async function foretell(container: Container, { part, machine }: HealthyArgs): Promise<Container> {
  if (!machine.answers) return container;
  const id = await knownValueOf(container.id, container);
  if (id === undefined || isWell(await machine.lately(), id)) return container;
  const { kind, words } = await look(id, machine.address);
  if (kind === "stopped") await pulumi.log.warn(`${part} ${words}: an \`up\` starts it again`, container);
  if (kind === "gone") await pulumi.log.warn(`${part} ${words}`, container);
  return container;
}

function gone(why: string): string {
  return `is not on the engine any more (${why}): \`pulumi up --refresh\` makes it again.`;
}

/** What somebody can do whose engine refuses a container that it had running: once killed, it may have lost track of it. */
function unstartable(part: string, id: string, why: string): string {
  const other = `docker rm --force ${id.slice(0, 12)}, and \`pulumi up --refresh\` makes it again`;
  return `${part} is stopped and can't be started (${why}): restart the engine; or ${other}.`;
}

interface Look {
  readonly kind: "healthy" | "starting" | "not yet" | "stopped" | "gone";
  readonly words: string;
}

/** What `docker inspect` shows of a container's state, as far as it matters here. */
interface State {
  Status: string;
  ExitCode: number;
  Health?: { Status: string; Log: { Output: string }[] | null };
}

async function look(id: string, engine: Address): Promise<Look> {
  const answer = await stateOf(id, engine);
  if (!answer.ok && /no such (container|object)/i.test(answer.why)) return { kind: "gone", words: gone(answer.why) };
  if (!answer.ok) return { kind: "not yet", words: `is not told of by the engine (${answer.why})` };
  const { Status, ExitCode, Health } = JSON.parse(answer.stdout) as State;
  if (Status === "exited" || Status === "dead" || Status === "created") {
    return { kind: "stopped", words: `is stopped (it ended with code ${String(ExitCode)})` };
  }
  if (Status !== "running") return { kind: "not yet", words: `is ${Status}` };
  if (Health === undefined || Health.Status === "healthy") return { kind: "healthy", words: "" };
  const said = quoted(Health.Log?.at(-1)?.Output ?? "");
  const kind = Health.Status === "starting" ? "starting" : "not yet";
  return { kind, words: `is ${Health.Status}${said === "" ? "" : ` (its health check says: ${said})`}` };
}

async function failure(
  container: Container,
  id: string,
  { part, machine, readySeconds }: HealthyArgs,
  words: string,
): Promise<pulumi.ResourceError> {
  return new pulumi.ResourceError(
    `${part} ${words}, and was to be healthy within ${String(readySeconds)} s. ` +
      `Its last log lines:\n${await lastLogLines(machine.address, id)}`,
    container,
    true,
  );
}
