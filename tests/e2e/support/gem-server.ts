import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { OwnEngine } from "./own-engine.ts";

/** A gem server of a test's own, which counts what is downloaded from it. */
export class GemServer {
  readonly url: string;
  /** The gems' files that were asked for, one by one. */
  readonly downloads: string[] = [];
  private readonly server: Server;

  private constructor(server: Server, url: string) {
    this.server = server;
    this.url = url;
  }

  /** Serves one gem without dependencies, `<name>-<version>.gem`, at an address of this machine; to `login` alone, where given. */
  static async start(address: string, name: string, version: string, file: string, login?: string): Promise<GemServer> {
    const gem = readFileSync(file);
    const info = `---\n${version} |checksum:${createHash("sha256").update(gem).digest("hex")}\n`;
    const versions = `created_at: 2014-11-01T00:00:00Z\n---\n${name} ${version} ${createHash("md5").update(info).digest("hex")}\n`;
    const server = createServer((request, response) => {
      const asked = request.headers.authorization;
      if (login !== undefined && asked !== `Basic ${Buffer.from(login).toString("base64")}`) {
        response.writeHead(401, { "www-authenticate": "Basic" }).end("who are you?\n");
        return;
      }
      const path = new URL(request.url ?? "/", "http://gems").pathname;
      if (path === "/versions") response.end(versions);
      else if (path === "/names") response.end(`---\n${name}\n`);
      else if (path === `/info/${name}`) response.end(info);
      else if (path === `/gems/${name}-${version}.gem`) {
        served.downloads.push(path);
        response.end(gem);
      } else response.writeHead(404).end("not here\n");
    });
    server.listen(0, address);
    await once(server, "listening");
    const served = new GemServer(server, `http://${address}:${String((server.address() as AddressInfo).port)}`);
    return served;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Builds the gem `mia_greeting` 1.0.0 in a folder, with the Ruby of the services; says which file it is. */
export async function buildGem(engine: OwnEngine, home: string, ruby?: string): Promise<string> {
  const folder = join(home, "gem");
  mkdirSync(join(folder, "lib"), { recursive: true });
  writeFileSync(join(folder, "lib/mia_greeting.rb"), 'module MiaGreeting\n  WORDS = "hello from a gem"\nend\n');
  writeFileSync(
    join(folder, "mia_greeting.gemspec"),
    'Gem::Specification.new("mia_greeting", "1.0.0") do |gem|\n  gem.summary = "Greets"\n  gem.authors = ["test"]\n  gem.files = ["lib/mia_greeting.rb"]\nend\n',
  );
  const image = ruby ?? (await engine.must("inspect", "--format", "{{.Config.Image}}", await engine.container("user")));
  // The folder is root's, and the image of a service has a user of its own.
  const place = ["--user", "0", "-v", `${folder}:/gem`, "-w", "/gem"];
  await engine.must("run", "--rm", ...place, image, "gem", "build", "mia_greeting.gemspec");
  return join(folder, "mia_greeting-1.0.0.gem");
}
