import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const given = new Set<number>();
/** Lanes that run at the same time take different ports. */
const lane = Number(process.env["MIA_TEST_LANE"] ?? 0);
const lanes = 8;

/**
 * A port of this machine that nobody has, TCP or UDP, and that no other test of this run has been given. Not of those
 * that the kernel gives to outgoing connections: one of them may be gone by the time it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * (firstEphemeral() - 10_000));
    if (port % lanes !== lane % lanes || given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function firstEphemeral(): number {
  return Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket("udp4");
  const tries = [
    new Promise<boolean>((done) => {
      tcp.once("error", () => {
        done(false);
      });
      tcp.listen(port, "0.0.0.0", () => {
        tcp.close(() => {
          done(true);
        });
      });
    }),
    new Promise<boolean>((done) => {
      udp.once("error", () => {
        done(false);
      });
      udp.bind(port, "0.0.0.0", () => {
        udp.close(() => {
          done(true);
        });
      });
    }),
  ];
  return (await Promise.all(tries)).every(Boolean);
}
