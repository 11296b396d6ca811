import * as pulumi from "@pulumi/pulumi";
import { checkPlatform } from "../platform/check.ts";
import { readEnvironment } from "../platform/config.ts";
import type { Declared, Environment } from "../platform/environment.ts";
import { ConfigError } from "../platform/problem.ts";
import type { Service } from "../platform/service.ts";

/**
 * The Environment of the stack that runs, with these services.
 * @throws RunError that names all problems at once, before any resource.
 */
export function stackEnvironment(services: Readonly<Record<string, Service>>): Declared<Environment> {
  try {
    const environment = readEnvironment({
      project: pulumi.getProject(),
      stack: pulumi.getStack(),
      values: pulumi.runtime.allConfig(),
      defaultImages: process.env["MIA_IMAGES"],
    });
    checkPlatform(environment, services);
    return environment;
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
