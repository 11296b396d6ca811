import type { Container } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout as sleep } from "node:timers/promises";
import { type Address, docker, dockerLines } from "./machine/docker.ts";

/** How long to wait for whom. */
export interface HealthyArgs {
  /** What the user knows it by. */
  part: string;
  /** The engine that it runs on. */
  engine: Address;
  /** How long it may take from now on. */
  readySeconds: number;
}

/**
 * The container, once Docker's health check passes: what starts after it depends on this. A preview waits for nothing.
 * @throws ResourceError that says what is wrong, with the last log lines.
 */
export async function healthy(container: Container, args: HealthyArgs): Promise<Container> {
  if (pulumi.runtime.isDryRun()) return container;
  const id = await new Promise<string>((done) => container.id.apply(done));
  const deadline = Date.now() + args.readySeconds * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 2, 500)) {
    const state = await look(id, args.engine);
    if (state.kind === "healthy") return container;
    if (state.kind === "broken" || Date.now() > deadline) throw await failure(container, id, args, state.words);
    await sleep(pause);
  }
}

interface Look {
  readonly kind: "healthy" | "not yet" | "broken";
  readonly words: string;
}

/** What `docker inspect` shows of a container's state, as far as it matters here. */
interface State {
  Status: string;
  ExitCode: number;
  Health?: { Status: string; Log: { Output: string }[] | null };
}

async function look(id: string, engine: Address): Promise<Look> {
  const answer = await docker(engine, "container", "inspect", "--format", "{{json .State}}", id);
  if (!answer.ok) return { kind: "broken", words: `is gone (${answer.why})` };
  const { Status, ExitCode, Health } = JSON.parse(answer.stdout) as State;
  if (Status === "exited" || Status === "dead") {
    return { kind: "broken", words: `has exited with code ${String(ExitCode)}` };
  }
  if (Status !== "running" || Health === undefined) return { kind: "not yet", words: `is ${Status}` };
  if (Health.Status === "healthy") return { kind: "healthy", words: "" };
  const said = Health.Log?.at(-1)?.Output.trim();
  return { kind: "not yet", words: `is ${Health.Status}${said ? ` (its health check says: ${said})` : ""}` };
}

async function failure(
  container: Container,
  id: string,
  { part, engine, readySeconds }: HealthyArgs,
  words: string,
): Promise<pulumi.ResourceError> {
  // Both of its streams, in their order.
  const logs = await dockerLines(engine, ["container", "logs", "--tail", "20", id]);
  const lines = logs.stdout || "(none)";
  return new pulumi.ResourceError(
    `${part} ${words}, and was to be healthy within ${String(readySeconds)} s. ` +
      `\`pulumi up --refresh\` makes a container that is gone or stopped again. Its last log lines:\n${lines}`,
    container,
    true,
  );
}
