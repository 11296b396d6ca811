// What an `up` would do, by Pulumi's own preview.

import { complaint } from "./remains.mjs";
import { run, SetupError } from "./steps.mjs";

/** Previews a stack's `up`: its steps. @throws SetupError with what it complains about. */
export async function preview(setup, stack) {
  const { code, stdout, stderr } = await run(
    "pulumi",
    ["preview", "--json", "--non-interactive", "--stack", stack],
    setup,
  );
  const { steps, diagnostics = [] } = parse(stdout);
  if (code === 0) return steps;
  const error = diagnostics.find(({ severity }) => severity === "error")?.message;
  throw new SetupError(complaint(error === undefined ? stderr : `error: ${error.trim()}`));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // it has not come so far
  }
}

/**
 * The parts of which something would change: `catalog`, `lb`, `network`. Components and providers do nothing by themselves.
 * @param {readonly { op: string, urn: string, oldState?: object, newState?: object }[]} steps
 * @returns {string[]}
 */
export function changedParts(steps) {
  const parents = new Map(steps.map(({ urn, oldState, newState }) => [urn, (newState ?? oldState)?.parent]));
  const changed = steps.filter(({ op, oldState, newState }) => {
    const { custom, type } = newState ?? oldState ?? {};
    return custom && !type.startsWith("pulumi:") && !["same", "read", "refresh"].includes(op);
  });
  return [...new Set(changed.map(({ urn }) => partOf(urn, parents)))].sort();
}

/** The name of what of a stack something belongs to. */
function partOf(urn, parents) {
  const parent = parents.get(urn);
  if (parent === undefined || parent.includes("::pulumi:pulumi:Stack::")) return urn.split("::").at(-1);
  return partOf(parent, parents);
}

/** The version that a service would run. */
export function versionIn(steps, service) {
  const images = steps.find(({ urn }) => urn.endsWith("::mia:platform:Images::images"));
  return images.newState.inputs[service].split(":").at(-1);
}
