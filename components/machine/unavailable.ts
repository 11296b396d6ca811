import { RunError } from "@pulumi/pulumi";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { type Environment, portAfter, protocolOf, type PublishedPorts } from "../../platform/environment.ts";
import { ConfigError, type Problem } from "../../platform/problem.ts";
import { docker } from "./docker.ts";
import type { Engine } from "./engine.ts";

/**
 * Refuses a platform whose addresses are not the machine's, or whose published ports somebody else has, before anything
 * is created.
 * @throws RunError that names all of them at once.
 */
export async function refuseUnavailable(environment: Environment, engine: Engine): Promise<void> {
  const problems = [...(await foreignAddresses(environment, engine)), ...(await takenPorts(environment, engine))];
  if (problems.length > 0) throw new RunError(new ConfigError(problems).message);
}

async function foreignAddresses(environment: Environment, engine: Engine): Promise<Problem[]> {
  const { source, publishAddress, serviceAddress } = environment;
  const addresses = [
    { key: "publishAddress", address: publishAddress, fix: "pulumi config set mia:publishAddress 127.0.0.1" },
    { key: "serviceAddress", address: serviceAddress, fix: "pulumi config rm mia:serviceAddress" },
  ].filter(({ address }) => address !== "");
  const problems = addresses.map(async ({ key, address, fix }): Promise<Problem[]> => {
    if ((await probe(engine, address, { port: 0, protocol: "tcp" })) !== "foreign") return [];
    return [
      {
        where: `${source}: mia:${key}`,
        got: `${address}, which is not an address of this machine`,
        need: "need one of its own",
        fix,
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}

async function takenPorts(environment: Environment, engine: Engine): Promise<Problem[]> {
  const { source, publishAddress, ports } = environment;
  const holders = await holdersOf(environment, engine);
  const problems = await Promise.all(
    (Object.entries(ports) as [keyof PublishedPorts, number][]).map(async ([name, port]): Promise<Problem[]> => {
      if (port === 0) return [];
      const wanted: Port = { port, protocol: protocolOf(name) };
      const container = holders.get(key(wanted));
      if (container?.own) return [];
      if (container === undefined && (await probe(engine, publishAddress, wanted)) !== "taken") return [];
      const holder = container === undefined ? "another program" : `the container ${container.name}`;
      return [
        {
          where: `${source}: mia:${name}Port`,
          got: `${String(port)}, which ${holder} holds on ${publishAddress}`,
          need: "need a free port",
          fix: `pulumi config set mia:${name}Port ${String(await freeAfter(wanted, engine, environment))}`,
        },
      ];
    }),
  );
  return problems.flat();
}

interface Port {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

function key({ port, protocol }: Port): string {
  return `${String(port)}/${protocol}`;
}

interface Holder {
  readonly name: string;
  readonly own: boolean;
}

/** The containers that publish ports where this platform wants to, by port. */
async function holdersOf({ platform, publishAddress }: Environment, engine: Engine): Promise<Map<string, Holder>> {
  const format = '{{.Names}}\t{{.Label "mia.platform"}}\t{{.Ports}}';
  const running = await docker(engine, "ps", "--format", format);
  const holders = new Map<string, Holder>();
  for (const line of running.stdout.split("\n")) {
    const [name = "", owner, ports = ""] = line.split("\t");
    const published = /([\d.]+):(\d+)(?:-(\d+))?->[\d-]+\/(tcp|udp)/g;
    for (const [, address = "", from, to = from, protocol] of ports.matchAll(published)) {
      if (![address, publishAddress].includes("0.0.0.0") && address !== publishAddress) continue;
      for (let port = Number(from); port <= Number(to); port++) {
        holders.set(key({ port, protocol: protocol as Port["protocol"] }), { name, own: owner === platform });
      }
    }
  }
  return holders;
}

type Found = "free" | "taken" | "foreign";

/**
 * Whether a program other than a container has it, or the address is another machine's. That can be seen of an engine on
 * this computer only; one in a virtual machine of its own, as elsewhere than on Linux, has addresses of its own too.
 */
async function probe({ host }: Engine, address: string, { port, protocol }: Port): Promise<Found> {
  if (!host.startsWith("unix:")) return "free";
  return new Promise((done) => {
    const socket = protocol === "tcp" ? createServer() : createSocket("udp4");
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      // Else: a port below 1024 may be refused to this user and granted to the engine.
      if (code === "EADDRNOTAVAIL" && process.platform === "linux") done("foreign");
      else done(code === "EADDRINUSE" ? "taken" : "free");
    });
    const free = () => {
      socket.close(() => {
        done("free");
      });
    };
    if ("listen" in socket) socket.listen(port, address, free);
    else socket.bind(port, address, free);
  });
}

/** The next port that nobody has. */
async function freeAfter({ port, protocol }: Port, engine: Engine, environment: Environment): Promise<number> {
  const wanted = Object.values(environment.ports) as number[];
  const isTaken = async (candidate: number) =>
    (await probe(engine, environment.publishAddress, { port: candidate, protocol })) === "taken";
  let next = portAfter(port);
  while (wanted.includes(next) || (await isTaken(next))) next = portAfter(next);
  return next;
}
