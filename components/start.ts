import { RunError } from "@pulumi/pulumi";
import { brokenFile } from "../platform/broken-file.ts";
import { ConfigError } from "../platform/problem.ts";

/**
 * A program, loaded from the file that declares it.
 * @throws RunError, which ends in its sentences alone, for what a user can put right: of the config, of the catalogue, or a file
 * that can't be loaded at all.
 */
export async function start(load: () => Promise<object>): Promise<Record<string, unknown>> {
  try {
    // Pulumi warns at each run of an output without a value, such as the URL of a port that is not published.
    const outputs = Object.entries(await load()).filter(([, value]) => value !== undefined);
    return Object.fromEntries(outputs);
  } catch (error) {
    const broken = brokenFile(error, `${import.meta.dirname}/..`);
    const told = broken === undefined ? error : new ConfigError([broken]);
    throw told instanceof ConfigError ? new RunError(told.message) : error;
  }
}
