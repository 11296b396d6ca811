import { RunError } from "@pulumi/pulumi";

/** @throws RunError where DOCKER_CONTEXT would lead Pulumi's provider to another engine than the one that it is told. */
export function refuseVariable(): void {
  const context = process.env["DOCKER_CONTEXT"];
  if (!context) return;
  throw new RunError(
    `DOCKER_CONTEXT is ${context}, which Pulumi's Docker provider would follow instead of mia:machine: unset DOCKER_CONTEXT.`,
  );
}
