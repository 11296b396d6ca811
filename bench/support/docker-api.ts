import { Agent, request } from "node:http";
import type { OwnEngine } from "../../tests/e2e/support/own-engine.ts";

/** The engine's own API over its socket, with nothing between: as fast as anybody can be. */
export class DockerApi {
  private readonly socketPath: string;
  private readonly agent = new Agent({ keepAlive: true });

  constructor({ host }: Pick<OwnEngine, "host">) {
    this.socketPath = host.replace("unix://", "");
  }

  /** Sends a request; answers with the JSON that comes back, where some does. */
  call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T> {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    return new Promise((done, fail) => {
      const options = { socketPath: this.socketPath, agent: this.agent, method, path: `/v1.41${path}`, headers };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", fail);
        response.on("end", () => {
          if ((response.statusCode ?? 500) >= 400) fail(new Error(`${method} ${path}: ${text}`));
          else done((text === "" ? undefined : JSON.parse(text)) as T);
        });
      });
      sent.on("error", fail);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
