// `npm run status`: what runs, since when, what Consul says of it and where it is.

import { atOwner, containers, outputsOf, platformName } from "./platform.mjs";
import { readState } from "./remains.mjs";

const header = ["PART", "STATE", "SINCE", "CONSUL", "ADDRESS"];

/** Prints a table of a stack's parts; the exit code is 0 where all of them are well. */
export async function status(setup, stack) {
  const state = await readState(setup, stack);
  const { images, replicas, consulUrl } = outputsOf(state, stack);
  const [running, instances] = await Promise.all([
    containers(atOwner(setup, state), stack),
    instancesOf(consulUrl, stack),
  ]);
  const parts = [...new Set([...Object.keys(images), ...running.map(({ part }) => part)])];
  const rows = parts.flatMap((part) => {
    const own = running.filter((container) => container.part === part);
    const missing = Math.max(0, (replicas[part] ?? 1) - own.length);
    const gone = Array.from({ length: missing }, () => ({ well: false, cells: [part, "gone", "", "", ""] }));
    return [...own.map((container) => row(container, instances)), ...gone];
  });
  print([header, ...rows.map(({ cells }) => cells)]);
  return rows.every(({ well }) => well) ? 0 : 1;
}

function row({ name, part, state, registered, ports }, instances) {
  const { Status, Health, StartedAt, FinishedAt, ExitCode } = state;
  const up = Status === "running";
  const words = up ? (Health?.Status ?? "running") : `${Status} (${ExitCode})`;
  const own = instances?.filter(({ container }) => container === name) ?? [];
  const unknown = instances === undefined ? "does not answer" : "does not know it";
  const consul = own.map(({ health }) => health).join(", ") || (registered ? unknown : "–");
  const addresses = [...ports, ...own.map(({ address }) => address)];
  const known = !registered || own.length > 0;
  const passes = own.every(({ health }) => health === "passing");
  const well = up && (Health?.Status ?? "healthy") === "healthy" && known && passes;
  return { well, cells: [part, words, ago(up ? StartedAt : FinishedAt), consul, addresses.join(", ") || "–"] };
}

/** The platform's own instances in Consul, or undefined where that does not answer. */
async function instancesOf(consulUrl, stack) {
  const ask = async (path) => (await fetch(`${consulUrl}${path}`, { signal: AbortSignal.timeout(3000) })).json();
  try {
    const [services, checks] = await Promise.all([ask("/v1/agent/services"), ask("/v1/agent/checks")]);
    return Object.values(services)
      .filter(({ Meta }) => Meta.platform === platformName(stack))
      .map(({ ID, Address, Port }) => ({
        container: ID.split(":").at(-2),
        address: `${Address}:${Port}`,
        health: worst(Object.values(checks).filter(({ ServiceID }) => ServiceID === ID)),
      }));
  } catch {
    return undefined;
  }
}

/** `passing`, or what the check that is worst off says. */
function worst(checks) {
  for (const status of ["critical", "warning"]) {
    const check = checks.find(({ Status }) => Status === status);
    if (check !== undefined) return `${status} ${check.Output.trim().split("\n")[0]}`.trim();
  }
  return "passing";
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  const [unit, length] = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ].find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

function print(lines) {
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  for (const cells of lines)
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
}
