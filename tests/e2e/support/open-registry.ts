import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clone } from "./clone.ts";
import { freePort } from "./ports.ts";

/**
 * Where this computer's images are on its own loopback, the same for machines beside it: by an address of this computer that they
 * reach. Their engines have to be told that it has no TLS.
 */
export class OpenRegistry {
  /** `host:port`, or undefined where images come from elsewhere, which machines reach as this computer does. */
  readonly address: string | undefined;
  private readonly server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(address: string | undefined, server?: Server) {
    this.address = address;
    this.server = server;
  }

  /** For machines that know this computer as `host`. */
  static async open(host: string): Promise<OpenRegistry> {
    const own = /^127\.0\.0\.1:(\d+)\//.exec(process.env["MIA_IMAGES"] ?? "")?.[1];
    if (own === undefined) return new OpenRegistry(undefined);
    const port = await freePort();
    const server = createServer((socket) => {
      const other = connect(Number(own), "127.0.0.1");
      for (const [one, another] of [
        [socket, other],
        [other, socket],
      ] as const) {
        registry.sockets.add(one);
        one.on("error", () => another.destroy()).on("close", () => registry.sockets.delete(one));
        one.pipe(another);
      }
    });
    const registry = new OpenRegistry(`${host}:${String(port)}`, server);
    await once(server.listen(port, "0.0.0.0"), "listening");
    return registry;
  }

  /** Has a clone take its images from here, on machines that it makes by docker-machine. */
  async use(clone: Clone, stack: string): Promise<void> {
    if (this.address === undefined) return;
    const images = (process.env["MIA_IMAGES"] ?? "").replace(/^[^/]+/, this.address);
    const flag = "mia:machine.options.engine-insecure-registry";
    await clone.configure(stack, { "mia:images": images, [flag]: this.address });
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server?.close();
  }
}
