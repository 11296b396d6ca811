// What a stack's history tells of a service's deployments: by the messages of its updates, which every backend keeps, so that
// any clone can read them.

/** The message of an update that deploys. */
export function deployMessage(service, to, from) {
  return `deploy ${service} ${to} (was ${from})`;
}

/** The message of an update that rolls back. */
export function rollbackMessage(service, to, from) {
  return `roll ${service} back to ${to} (was ${from})`;
}

const deployment = /^deploy (\S+) ([0-9a-f]{12}) \(was ([0-9a-f]{12})\)$/;
const rollback = /^roll (\S+) back to [0-9a-f]{12} \(was [0-9a-f]{12}\)$/;

/**
 * The version that a service ran before this one was deployed; undefined where no deployment tells. What was rolled back does
 * not count any more, so a second rollback goes one further back.
 * @param {readonly { kind: string, result: string, message?: string }[]} history as Pulumi has it: the last update first
 * @param {string} service
 * @param {string} running the version that it runs
 * @returns {string | undefined}
 */
export function versionBefore(history, service, running) {
  const deployed = [];
  for (const { kind, result, message = "" } of [...history].reverse()) {
    if (result !== "succeeded") continue;
    if (kind === "destroy") deployed.length = 0;
    const [, name, to, from] = deployment.exec(message) ?? [];
    if (name === service && to !== from) deployed.push({ to, from });
    if (rollback.exec(message)?.[1] === service) deployed.pop();
  }
  // An `up` by another way may have come in between.
  const last = deployed.at(-1);
  return last?.to === running ? last.from : undefined;
}
