import { type Environment, portAfter } from "./environment.ts";
import { ConfigError, type Problem } from "./problem.ts";

/**
 * The rules that no single value can break alone. Pure: runs before any resource, and in tests without an engine.
 * @throws ConfigError that names all problems at once.
 */
export function checkPlatform(environment: Environment): void {
  const problems = portsPublishedTwice(environment);
  if (problems.length > 0) throw new ConfigError(problems);
}

function portsPublishedTwice({ source, ports }: Environment): Problem[] {
  const takenBy = new Map<number, string>();
  const problems: Problem[] = [];
  for (const [name, port] of Object.entries(ports) as [string, number][]) {
    if (port === 0) continue;
    const other = takenBy.get(port);
    if (other === undefined) takenBy.set(port, name);
    else {
      problems.push({
        where: `${source}: mia:${name}Port`,
        got: `${String(port)}, which is mia:${other}Port too`,
        need: "need a port of its own",
        fix: `pulumi config set mia:${name}Port ${String(portAfter(port))}`,
      });
    }
  }
  return problems;
}
