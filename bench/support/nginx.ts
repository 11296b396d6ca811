import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clone } from "../../tests/e2e/support/clone.ts";
import { eventually } from "../../tests/e2e/support/command.ts";
import type { OwnEngine } from "../../tests/e2e/support/own-engine.ts";

/** What its configuration is made of. */
export interface NginxArgs {
  /** Lines of its `http` block. */
  readonly http: string;
  /** Lines of the location `/`. */
  readonly location: string;
  /** Further locations. @default none */
  readonly more?: string;
}

/** A plain nginx on the platform's network, configured by hand once: of the same image, with as many workers. */
export class StaticNginx {
  readonly address: string;
  private readonly engine: OwnEngine;

  private constructor(engine: OwnEngine, address: string) {
    this.engine = engine;
    this.address = address;
  }

  static async start(engine: OwnEngine, clone: Clone, { http, location, more = "" }: NginxArgs): Promise<StaticNginx> {
    const folder = mkdtempSync(join(clone.home, "nginx-"));
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `worker_processes auto; error_log /dev/stderr crit; pid /tmp/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off; server_tokens off; keepalive_requests 100000;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  ${http}
  server { listen 80; ${more} location / { ${location} } }
}
`,
    );
    const image = await engine.must("inspect", "--format", "{{.Config.Image}}", await engine.container("edge"));
    const options = ["--name", name, "--network", "mia-dev", "--volume", `${file}:/etc/nginx/nginx.conf:ro`];
    await engine.must("run", "--detach", "--user", "root", ...options, image);
    const address = await eventually(
      10,
      () => engine.addressOf(name),
      (found) => found !== "",
    );
    return new StaticNginx(engine, address);
  }

  async remove(): Promise<void> {
    await this.engine.must("rm", "--force", name);
  }
}

const name = "static-nginx";
