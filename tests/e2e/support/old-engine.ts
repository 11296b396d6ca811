import { createServer, type Server } from "node:http";

/** Stands in for an engine of 2019, which can't be had any more: it answers the version question only. */
export function oldEngine(): Promise<{ host: string; server: Server }> {
  const version = { Version: "19.03.15", ApiVersion: "1.40", MinAPIVersion: "1.12", Os: "linux", Arch: "amd64" };
  const server = createServer((request, response) => {
    response.setHeader("Api-Version", "1.40");
    response.setHeader("Content-Type", "application/json");
    if (request.url?.includes("/info")) response.end(JSON.stringify({ ID: "OLD", ServerVersion: "19.03.15" }));
    else response.end(request.url?.includes("/version") ? JSON.stringify(version) : "OK");
  });
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      done({ host: `tcp://127.0.0.1:${String(port)}`, server });
    });
  });
}
