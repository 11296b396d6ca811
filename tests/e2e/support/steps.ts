import { isDeepStrictEqual } from "node:util";
import type { Clone } from "./clone.ts";
import type { Ended } from "./command.ts";
import { commandSeconds } from "../../support/limits.ts";

/** What is done to one resource. */
export interface Step {
  /** `replace`, or of the two ways to do that `create-replacement, replace, delete-replaced`, in their order. */
  readonly operations: readonly string[];
  /** The properties that are the reason. */
  readonly reasons: readonly string[];
  /** What it then is made of, but for what the engine makes up. */
  readonly inputs: Inputs;
}

type Inputs = Readonly<Record<string, unknown>>;

/** All that an `up` does, or that a preview says it would. */
export interface Steps {
  /** By URN; what stays as it is is not among them. */
  readonly of: ReadonlyMap<string, Step>;
  readonly outputs: Inputs;
}

/** An event as `--json` prints it, as far as it is looked at. */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: Metadata };
  readonly resOutputsEvent?: { readonly metadata: Metadata };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
}

interface Metadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly new?: { readonly inputs?: Inputs; readonly outputs?: Inputs; readonly protect?: boolean } | null;
  readonly diffs?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** What a preview of the clone's stack says. */
export async function previewed(clone: Clone): Promise<Steps> {
  const env = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" };
  return read("preview", await clone.run("pulumi", ["preview", "--json"], env));
}

/** What an `up` does. */
export async function taken(clone: Clone): Promise<Steps> {
  return read("up", await clone.run("pulumi", ["up", "--yes", "--skip-preview", "--json"], {}, commandSeconds.up));
}

/** @throws Error with what the command complains about. */
function read(command: string, { code, stdout, output }: Ended): Steps {
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
  if (code !== 0) {
    const said = events.flatMap(({ diagnosticEvent }) => diagnosticEvent ?? []);
    const errors = said.filter(({ severity }) => severity === "error").map(({ message }) => message);
    throw new Error(`the ${command} failed: ${errors.join("\n") || output}`);
  }
  const metadata = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  const changed = metadata.filter(({ op }) => !["same", "read", "refresh"].includes(op));
  const of = [...Map.groupBy(changed, ({ urn }) => urn)].map(([urn, all]) => [urn, stepOf(all)] as const);
  const stack = events
    .flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata ?? [])
    .findLast(({ type }) => type === "pulumi:pulumi:Stack");
  return { of: new Map(of), outputs: stack?.new?.outputs ?? {} };
}

function stepOf(all: readonly Metadata[]): Step {
  const reasons = all.flatMap(({ detailedDiff, diffs }) => Object.keys(detailedDiff ?? {}).concat(diffs ?? []));
  const made = all.find(({ op }) => !op.startsWith("delete"))?.new;
  // What the engine fills in, such as the end of a name, is another each time it is asked.
  const { __defaults: filled, ...given } = made?.inputs ?? {};
  const inputs = Object.entries(given).filter(([key]) => !(filled as string[] | undefined)?.includes(key));
  return {
    operations: all.map(({ op }) => op),
    reasons: [...new Set(reasons.map((path) => path.replace(/[.[].*$/, "")))].sort(),
    inputs: { ...Object.fromEntries(inputs), protect: made?.protect ?? false },
  };
}

/** What a preview said that the `up` did not do, and what it did that the preview had not said; a sentence each. */
export function lies(said: Steps, done: Steps): string[] {
  const urns = [...new Set([...said.of.keys(), ...done.of.keys()])].sort();
  return [
    ...urns.flatMap((urn) => liesAbout(urn.split("::").slice(2).join("::"), said.of.get(urn), done.of.get(urn))),
    ...differing("outputs", said.outputs, done.outputs),
  ];
}

function liesAbout(resource: string, said: Step | undefined, done: Step | undefined): string[] {
  const words = (step: Step | undefined) => step?.operations.join(", ") ?? "nothing";
  if (words(said) !== words(done)) return [`${resource}: previewed ${words(said)}, done ${words(done)}`];
  if (said === undefined || done === undefined) return [];
  const reasons = isDeepStrictEqual(said.reasons, done.reasons)
    ? []
    : [`${resource}: previewed for ${said.reasons.join(", ")}, done for ${done.reasons.join(", ")}`];
  return [...reasons, ...differing(resource, said.inputs, done.inputs)];
}

/** What Pulumi writes for a value that is not known yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Where the two values differ; what is not known yet may become anything. */
function differing(place: string, said: unknown, done: unknown): string[] {
  if (said === unknown || isDeepStrictEqual(said, done)) return [];
  if (isObject(said) && isObject(done) && Array.isArray(said) === Array.isArray(done)) {
    const keys = [...new Set([...Object.keys(said), ...Object.keys(done)])];
    return keys.flatMap((key) => differing(`${place}.${key}`, said[key], done[key]));
  }
  return [`${place}: previewed as ${JSON.stringify(said)}, is ${JSON.stringify(done)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
