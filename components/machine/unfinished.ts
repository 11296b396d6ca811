import { docker } from "./docker.ts";
import type { Engine } from "./engine.ts";

/**
 * The container to which an engine was to give a port of the machine, and whose start it did not finish: an engine that was
 * killed meanwhile may keep the port, which is nobody's then, until it is started again.
 */
export async function unfinishedHolder(engine: Engine, port: number): Promise<string | undefined> {
  const created = await docker(engine.address, "ps", "--all", "--quiet", "--filter", "status=created");
  const ids = created.stdout.split("\n").filter((id) => id !== "");
  if (ids.length === 0) return undefined;
  const format = "{{.Name}} {{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}} {{end}}{{end}}";
  const bindings = await docker(engine.address, "inspect", "--format", format, ...ids);
  const lines = bindings.stdout.split("\n").map((line) => line.trim().split(" "));
  return lines.find(([, ...ports]) => ports.includes(String(port)))?.[0]?.slice(1);
}
