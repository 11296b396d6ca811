// What an `up` would do, by Pulumi's own preview.

import { complaint } from "./remains.mjs";
import { run, SetupError } from "./steps.mjs";

/**
 * Previews a stack's `up`: its steps, also those that change nothing.
 * @returns {Promise<import("../review/changes.ts").Step[]>}
 * @throws SetupError with what it complains about.
 */
export async function preview(setup, stack) {
  const words = ["preview", "--json", "--show-sames", "--non-interactive", "--stack", stack];
  const { code, stdout, stderr } = await run("pulumi", words, setup);
  const { steps, diagnostics = [] } = parse(stdout);
  if (code === 0) return steps;
  const said = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());
  // With or without Pulumi's own word for it.
  throw new SetupError(complaint(said.length === 0 ? stderr : `error: ${said[0].replace(/^error: /, "")}`));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // it has not come so far
  }
}

/** The steps that change something, if only what the state says of a component. */
export function changes(steps) {
  return steps.filter(({ op }) => !["same", "read", "refresh"].includes(op));
}

/**
 * The parts of which something would change: `catalog`, `lb`, `network`. Components and providers do nothing by themselves.
 * @param {readonly { op: string, urn: string, oldState?: object, newState?: object }[]} steps
 * @returns {string[]}
 */
export function changedParts(steps) {
  const parents = new Map(steps.map(({ urn, oldState, newState }) => [urn, (newState ?? oldState)?.parent]));
  const changed = changes(steps).filter(({ oldState, newState }) => {
    const { custom, type } = newState ?? oldState ?? {};
    return custom && !type.startsWith("pulumi:");
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
