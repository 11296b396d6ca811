// What is asked of an engine before anything else is known of it. Nothing here needs the SDK: start.ts asks while the program, which does, is loaded.

import { type Address, type Answer, docker } from "./docker.ts";
import { list, type Listing } from "./there.ts";

/** Asks an engine who it is, for `askEngine` to judge. */
export function infoOf(address: Address): Promise<Answer> {
  const format =
    "{{.ID}} {{.ServerVersion}} {{.OSType}}/{{.Architecture}} {{range .SecurityOptions}}{{.}},{{end}} {{.OperatingSystem}}";
  return docker(address, "info", "--format", format);
}

/** What there is to know of a docker context, or of the current one: its name, its engine's host, how much TLS it has, and in which folder. */
export function contextOf(name?: string): Promise<Answer> {
  const format = "{{.Name}} {{.Endpoints.docker.Host}} {{len .TLSMaterial}} {{.Storage.TLSPath}}";
  return docker({}, "context", "inspect", "--format", format, ...(name === undefined ? [] : [name]));
}

/** What is asked of the engine that the docker command talks to. */
interface Asked {
  readonly info: Promise<Answer>;
  readonly context: Promise<Answer>;
  readonly listing: Listing;
}

let asked: Asked | undefined;

/** Asks all of it at once, and once: the same engine answers all. */
export function askLocal(): Asked {
  return (asked ??= { info: infoOf({}), context: contextOf(), listing: list({}) });
}

/** Whether a stack's config, as Pulumi hands it to the program, names no other machine than that of the docker command. */
export function isLocal(config = "{}"): boolean {
  try {
    const { "mia:machine": machine = "{}" } = JSON.parse(config) as Record<string, string>;
    const { driver = "local" } = JSON.parse(machine) as { driver?: string };
    return driver === "local";
  } catch {
    // What is wrong with it is said where it is read.
    return false;
  }
}
