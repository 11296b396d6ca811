import { RunError } from "@pulumi/pulumi";
import { createServer } from "node:net";
import type { Environment } from "../../platform/environment.ts";
import { ConfigError, type Problem } from "../../platform/problem.ts";
import { docker } from "./docker.ts";
import type { Engine } from "./engine.ts";

/**
 * Refuses a platform whose published ports somebody else has, before anything is created.
 * @throws RunError that names all of them at once.
 */
export async function refuseTakenPorts(environment: Environment, engine: Engine): Promise<void> {
  const { source, publishAddress, ports } = environment;
  const holders = await holdersOf(environment, engine);
  const problems = await Promise.all(
    (Object.entries(ports) as [string, number][]).map(async ([name, port]): Promise<Problem[]> => {
      const container = holders.get(port);
      if (container?.own) return [];
      if (container === undefined && !(await taken(engine, publishAddress, port))) return [];
      const holder = container === undefined ? "another program" : `the container ${container.name}`;
      return [
        {
          where: `${source}: mia:${name}Port`,
          got: `${String(port)}, which ${holder} holds on ${publishAddress}`,
          need: "need a free port",
          fix: `pulumi config set mia:${name}Port ${String(await freeAfter(port, engine, environment))}`,
        },
      ];
    }),
  );
  const all = problems.flat();
  if (all.length > 0) throw new RunError(new ConfigError(all).message);
}

interface Holder {
  readonly name: string;
  readonly own: boolean;
}

/** The containers that publish ports where this platform wants to, by port. */
async function holdersOf({ platform, publishAddress }: Environment, engine: Engine): Promise<Map<number, Holder>> {
  const format = '{{.Names}}\t{{.Label "mia.platform"}}\t{{.Ports}}';
  const running = await docker(engine, "ps", "--format", format);
  const holders = new Map<number, Holder>();
  for (const line of running.stdout.split("\n")) {
    const [name = "", owner, ports = ""] = line.split("\t");
    for (const [, address = "", from, to = from] of ports.matchAll(/([\d.]+):(\d+)(?:-(\d+))?->/g)) {
      if (![address, publishAddress].includes("0.0.0.0") && address !== publishAddress) continue;
      for (let port = Number(from); port <= Number(to); port++) holders.set(port, { name, own: owner === platform });
    }
  }
  return holders;
}

/** Whether a program other than a container has it; that can be seen of an engine on this computer only. */
async function taken({ host }: Engine, address: string, port: number): Promise<boolean> {
  if (!host.startsWith("unix:")) return false;
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", ({ code }: NodeJS.ErrnoException) => {
      // A port below 1024 may be refused to this user and granted to the engine.
      done(code === "EADDRINUSE");
    });
    probe.listen(port, address, () => {
      probe.close(() => {
        done(false);
      });
    });
  });
}

/** The next port that nobody has: above the ones that only root may open. */
async function freeAfter(port: number, engine: Engine, environment: Environment): Promise<number> {
  const wanted = Object.values(environment.ports) as number[];
  let next = port < 1024 ? port + 8000 : port + 1;
  while (wanted.includes(next) || (await taken(engine, environment.publishAddress, next))) next++;
  return next;
}
