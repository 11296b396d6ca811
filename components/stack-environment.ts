import { existsSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { checkPlatform } from "../platform/check.ts";
import { readEnvironment, type StackSource } from "../platform/config.ts";
import type { Declared, Environment } from "../platform/environment.ts";
import { ConfigError } from "../platform/problem.ts";
import { backingOf, selectServices } from "../platform/selection.ts";
import type { Service } from "../platform/service.ts";

/**
 * The Environment of the stack that runs, with these services.
 * @throws ConfigError that names all problems at once, before any resource.
 */
export function stackEnvironment(services: Readonly<Record<string, Service>>): Declared<Environment> {
  return ofStack((stack) => {
    const environment = readEnvironment(stack);
    checkPlatform(environment, services);
    const selected = selectServices(services, environment.services);
    refuseMissingFolders(selected);
    // A part that does not run publishes no port.
    if (backingOf(selected).has("rmq")) return environment;
    return { ...environment, ports: { ...environment.ports, rmqManagement: 0 } };
  });
}

/**
 * What `read` makes of the config of the stack that runs.
 * @throws ConfigError that names all problems at once, before any resource.
 */
export function ofStack<Read>(read: (stack: StackSource) => Read): Read {
  return read({
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    values: pulumi.runtime.allConfig(),
    defaultImages: process.env["MIA_IMAGES"],
  });
}

function refuseMissingFolders(services: Readonly<Record<string, Service>>): void {
  const missing = Object.entries(services).filter(([, { source }]) => !existsSync(join(source, "Dockerfile")));
  const problems = missing.map(([name, { source }]) => ({
    where: `platform/catalogue: ${name}.source`,
    got: source,
    need: "need a folder with a Dockerfile",
    fix: "correct the path, or make it.",
  }));
  if (problems.length > 0) throw new ConfigError(problems);
}
