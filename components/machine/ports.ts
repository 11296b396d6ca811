import { RunError } from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { type Declared, type Place, portAfter, portKey, protocolOf, setCommand } from "../../platform/environment.ts";
import { ConfigError, type Problem } from "../../platform/problem.ts";
import type { Engine } from "./engine.ts";
import { hasPorts, type There } from "./there.ts";
import { unfinishedHolder } from "./unfinished.ts";

/**
 * Refuses a platform whose addresses are not the machine's, or whose published ports somebody else has, before anything
 * is created.
 * @throws RunError that names all of them at once.
 */
export async function refuseUnavailable(place: Place, engine: Engine, there: There): Promise<void> {
  const problems = [...(await foreignAddresses(place, engine)), ...(await takenPorts(place, engine, there))];
  if (problems.length > 0) throw new RunError(new ConfigError(problems).message);
}

async function foreignAddresses(place: Place, engine: Engine): Promise<Problem[]> {
  const { project, source, publishAddress, serviceAddress } = place;
  const addresses = [
    {
      key: "publishAddress",
      address: publishAddress,
      fix: `${setCommand(source)} ${project}:publishAddress 127.0.0.1`,
    },
    { key: "serviceAddress", address: serviceAddress, fix: `pulumi config rm ${project}:serviceAddress` },
  ].filter(({ address }) => address !== "");
  const problems = addresses.map(async ({ key, address, fix }): Promise<Problem[]> => {
    if ((await probe(engine, address, { port: 0, protocol: "tcp" })) !== "foreign") return [];
    return [
      {
        where: `${source}: ${project}:${key}`,
        got: `${address}, which is not an address of this machine`,
        need: "need one of its own",
        fix,
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}

async function takenPorts(place: Place, engine: Engine, there: There): Promise<Problem[]> {
  const { source, publishAddress, ports } = place;
  const holders = holdersOf(place, there);
  const problems = await Promise.all(
    Object.entries(ports).map(async ([name, port]): Promise<Problem[]> => {
      if (port === 0) return [];
      const wanted: Port = { port, protocol: protocolOf(name) };
      const container = holders.get(key(wanted));
      if (container?.own) return [];
      if (container === undefined && (await probe(engine, publishAddress, wanted)) !== "taken") return [];
      const unfinished = container === undefined ? await unfinishedHolder(engine, port) : undefined;
      const holder =
        unfinished === undefined
          ? `${container === undefined ? "another program" : `the container ${container.name}`} holds`
          : `the Docker engine, once killed, seems to have kept for ${unfinished}`;
      const other = `${setCommand(source)} ${portKey(place, name)} ${String(await freeFrom({ ...wanted, port: portAfter(port) }, place, engine, there))}`;
      return [
        {
          where: `${source}: ${portKey(place, name)}`,
          got: `${String(port)}, which ${holder} on ${publishAddress}`,
          need: "need a free port",
          fix: unfinished === undefined ? other : `restart the engine; or ${other}`,
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
function holdersOf(
  { platform, publishAddress }: Pick<Place, "platform" | "publishAddress">,
  { containers }: There,
): Map<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const { name, platform: owner, ports } of containers.filter(hasPorts)) {
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

/**
 * A free port for what answers there. The search begins at the same one for the same platform, so that it mostly finds the
 * same again, and below those that the kernel gives to outgoing connections.
 */
export async function freePort(name: string, place: Declared<Place>, engine: Engine, there: There): Promise<number> {
  const digest = createHash("sha256").update(`${place.platform} ${name}`).digest();
  return freeFrom(
    { port: 20_000 + (digest.readUInt32BE() % 10_000), protocol: protocolOf(name) },
    place,
    engine,
    there,
  );
}

/** This port, or the next that nobody has. */
async function freeFrom(
  { port, protocol }: Port,
  place: Declared<Place>,
  engine: Engine,
  there: There,
): Promise<number> {
  const wanted = Object.values(place.ports);
  const holders = holdersOf(place, there);
  const isTaken = async (candidate: Port) => {
    const holder = holders.get(key(candidate));
    if (holder !== undefined) return !holder.own;
    return (await probe(engine, place.publishAddress, candidate)) === "taken";
  };
  let next = port;
  while (wanted.includes(next) || (await isTaken({ port: next, protocol }))) next = portAfter(next);
  return next;
}
