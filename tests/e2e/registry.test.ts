// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { docker as dockerAt } from "../../components/machine/docker.ts";
import { DeliveryError } from "../../delivery/refusal.ts";
import { loggedIn } from "../../delivery/registry-login.ts";
import { Clone } from "./support/clone.ts";
import { eventually, succeed } from "./support/command.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { manifestTypes } from "./support/private-registry.ts";
import { freePort } from "./support/ports.ts";
import { within } from "../support/limits.ts";

const volume = "volume mia-registry-shared-data";
const container = "mia-registry-shared-registry";

/** What the project's outputs say. */
interface Outputs {
  address: string;
  user: string;
  password: string;
  caCertificate: string;
}

interface Answer {
  status: number | undefined;
  headers: IncomingMessage["headers"];
  /** What the server's certificate is for. */
  names: string;
  serialNumber: string;
}

describe("The registry", () => {
  let engine: OwnEngine;
  let clone: Clone;
  let port: number;
  let outputs: Outputs;
  /** Where docker keeps its logins in this test. */
  let dockerConfig: string;
  /** What was made in this machine's /etc/docker, which all engines here read. */
  let trusted: string | undefined;

  const registry = (...args: string[]) => clone.mustPulumi("-C", "registry", ...args);
  const unchanged = () => registry("preview", "--expect-no-changes");
  const docker = (...args: string[]) => clone.run("docker", args, { DOCKER_CONFIG: dockerConfig });
  const mustDocker = async (...args: string[]) => {
    const { code, output, stdout } = await docker(...args);
    assert.equal(code, 0, output);
    return stdout.trim();
  };

  async function up(...args: string[]): Promise<string> {
    const { output } = await registry("up", "--yes", "--skip-preview", ...args);
    outputs = JSON.parse((await registry("stack", "output", "--json", "--show-secrets")).stdout) as Outputs;
    return output;
  }

  /** Asks the registry, over TLS that is verified by the CA of its outputs. */
  function ask(path: string, options: RequestOptions = {}): Promise<Answer> {
    const [host, at] = outputs.address.split(":");
    const basics = { host, port: at, path, ca: outputs.caCertificate, agent: false };
    return new Promise((done, fail) => {
      const asked = request({ ...basics, ...options }, (response) => {
        assert.ok(response.socket instanceof TLSSocket);
        const { subjectaltname: names = "", serialNumber } = response.socket.getPeerCertificate();
        response.resume().once("end", () => {
          done({ status: response.statusCode, headers: response.headers, names, serialNumber });
        });
      });
      asked.once("error", fail).end();
    });
  }

  const auth = () => `${outputs.user}:${outputs.password}`;
  const manifest = (tag: string, method = "GET") =>
    ask(`/v2/team/thing/manifests/${tag}`, {
      method,
      auth: auth(),
      headers: { accept: manifestTypes },
    });

  const login = (password = outputs.password) =>
    docker("login", "--username", outputs.user, "--password", password, outputs.address);

  /** Pulls the image that was pushed, which the engine has no more: its id. */
  async function pulled(): Promise<string> {
    const image = `${outputs.address}/team/thing:1`;
    await docker("rmi", image);
    await mustDocker("pull", image);
    return mustDocker("image", "inspect", "--format", "{{.Id}}", image);
  }

  before(async () => {
    engine = await OwnEngine.start({ empty: true });
    clone = await Clone.make({ dockerHost: engine.host });
    dockerConfig = join(clone.home, "docker");
    port = await freePort();
    await clone.edit("registry/Pulumi.shared.yaml", (text) => text.replace('"5000"', `"${String(port)}"`));
    const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    await clone.git(...author, "commit", "--quiet", "--all", "--message=test");
    await succeed("npm", ["run", "--silent", "prepare"], { cwd: clone.folder, env: clone.env });
  });

  after(async () => {
    if (trusted !== undefined) rmSync(trusted, { recursive: true, force: true });
    clone.remove();
    await engine.remove();
  });

  describe("that is up", () => {
    it("is one `pulumi up` of its own project, which leaves `git status` clean and nothing to change", async () => {
      await registry("stack", "select", "shared", "--create");
      await up();
      await unchanged();
      assert.equal(await clone.status(), "");
      assert.equal(outputs.address, `127.0.0.1:${String(port)}`);
      assert.deepEqual((await engine.remains()).sort(), [
        `container ${container}`,
        "network mia-registry-shared",
        volume,
      ]);
    });

    it("proves by its certificate who it is, by each of its names", async () => {
      for (const servername of ["localhost", "registry", container]) {
        const { status, names } = await ask("/v2/", { servername });
        assert.equal(status, 401);
        assert.equal(names, `DNS:localhost, DNS:registry, DNS:${container}, IP Address:127.0.0.1`);
      }
    });

    it("is refused by those who don't trust its authority, or call it by another name", async () => {
      await assert.rejects(ask("/v2/", { ca: undefined }), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
      await assert.rejects(ask("/v2/", { servername: "elsewhere.example" }), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    });

    it("lets in only who knows the password, which neither docker nor the log shows", async () => {
      assert.equal((await ask("/v2/")).status, 401);
      assert.equal((await ask("/v2/", { auth: `${outputs.user}:wrong` })).status, 401);
      assert.equal((await ask("/v2/", { auth: `root:${outputs.password}` })).status, 401);
      assert.equal((await ask("/v2/", { auth: auth() })).status, 200);
      const shown = `${await engine.must("inspect", container)}${(await engine.docker("logs", container)).output}`;
      assert.equal(shown.includes(outputs.password), false);
      assert.match(outputs.password, /^[A-Za-z0-9]{32}$/);
    });

    it("shows no secret in a preview or an output", async () => {
      const { output } = await registry("preview", "--diff", "--replace", "**RandomPassword::registry");
      assert.match(output, /uploads: \[secret\] => /);
      assert.doesNotMatch(output, /PRIVATE KEY|\$2a\$/);
      assert.match((await registry("stack", "output")).stdout, /password +\[secret\]/);
    });
  });

  describe("with an image", () => {
    let id: string;

    it("takes and gives it by `docker login`, `push` and `pull`", async () => {
      const denied = await login("wrong");
      assert.notEqual(denied.code, 0);
      // Engine 29 asks a registry at loopback again without TLS, and names that answer alone.
      assert.match(denied.output, /unauthorized|400 Bad Request/i);
      const { code, output } = await login();
      assert.equal(code, 0, output);

      writeFileSync(join(clone.home, "content"), "something");
      await succeed("tar", ["-cf", "content.tar", "content"], { cwd: clone.home, env: clone.env });
      const image = `${outputs.address}/team/thing:1`;
      id = await mustDocker("import", join(clone.home, "content.tar"), image);
      await mustDocker("push", image);
      assert.equal(await pulled(), id);
      const stranger = await clone.run("docker", ["pull", image], { DOCKER_CONFIG: join(clone.home, "nobody") });
      assert.notEqual(stranger.code, 0);
    });

    it("is what `mia:registry` takes: the address, user and password of its outputs", async () => {
      const { address, user, password } = outputs;
      const logIn = (secret: string) => {
        const folder = mkdtempSync(join(clone.home, "delivery-"));
        return loggedIn({ DOCKER_HOST: engine.host }, { address, login: { user, password: secret } }, folder);
      };
      const engineAt = await logIn(password);
      const image = `${address}/team/thing:1`;
      await dockerAt(engineAt, "rmi", image);
      const pull = await dockerAt(engineAt, "pull", image);
      assert.ok(pull.ok, pull.why);
      await assert.rejects(logIn("wrong"), DeliveryError);
    });

    it("gets another certificate and password by `up --replace`, from the same authority, and keeps its content", async () => {
      const old = { ...outputs, ...(await ask("/v2/")) };
      await up("--replace", "**LocallySignedCert::registry", "--replace", "**RandomPassword::registry");
      assert.equal(outputs.caCertificate, old.caCertificate);
      assert.notEqual((await ask("/v2/")).serialNumber, old.serialNumber);
      assert.equal((await ask("/v2/", { auth: `${old.user}:${old.password}` })).status, 401);
      assert.equal((await login()).code, 0);
      assert.equal(await pulled(), id);
      await unchanged();
    });

    it("is back with its content after an engine's restart, and nothing is to be changed", async () => {
      await engine.kill("SIGTERM");
      await engine.run();
      const status = () =>
        ask("/v2/")
          .then((answer) => answer.status)
          .catch(() => undefined);
      await eventually(within.recovery, status, (answer) => answer === 401);
      assert.equal(await pulled(), id);
      await unchanged();
      const refresh = await registry("refresh", "--yes", "--expect-no-changes");
      assert.match(refresh.output, /unchanged/);
    });

    it("is no more trusted by the engine unseen at an address that others use: it needs the CA in certs.d", async () => {
      await registry("config", "set", "publishAddress", engine.address);
      await up();
      await unchanged();
      assert.equal((await ask("/v2/", { auth: auth() })).status, 200);
      const stranger = await login();
      assert.notEqual(stranger.code, 0);
      assert.match(stranger.output, /x509|certificate/);

      const folder = `/etc/docker/certs.d/${outputs.address}`;
      trusted = mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "ca.crt"), outputs.caCertificate);
      const { code, output } = await login();
      assert.equal(code, 0, output);
      assert.equal(await pulled(), id);
    });

    it("lets an image be deleted", async () => {
      const digest = (await manifest("1", "HEAD")).headers["docker-content-digest"];
      assert.equal((await manifest(String(digest), "DELETE")).status, 202);
      assert.equal((await manifest("1")).status, 404);
    });
  });

  describe("that moves or goes", () => {
    /** What a preview says, which is refused, while this program holds the port that is to be the registry's. */
    async function refusedFor(port: number): Promise<string> {
      const holder = createServer();
      await new Promise<void>((done) => holder.listen(port, engine.address, done));
      try {
        await registry("config", "set", "port", String(port));
        const refused = await clone.pulumi("-C", "registry", "preview");
        assert.notEqual(refused.code, 0);
        return refused.output;
      } finally {
        holder.close();
      }
    }

    it("is refused a port that another program holds, in one sentence", async () => {
      const taken = await freePort();
      const output = await refusedFor(taken);
      const sentence =
        `registry/Pulumi.shared.yaml: mia-registry:port: got ${String(taken)}, which another program holds on ${engine.address}, ` +
        "need a free port. Fix: pulumi -C registry config set mia-registry:port ";
      const said = output.split("\n").filter((line) => line.includes(sentence));
      assert.ok(said.length > 0, output);
    });

    it("is told where an engine that was killed may have kept the port, and to restart that", async () => {
      // As such an engine leaves it: the container was created, and never started; its port is held all the same.
      const kept = await freePort();
      const image = `${process.env["MIA_IMAGES"] ?? ""}registry:2.8.3`;
      const publish = `${engine.address}:${String(kept)}:5000`;
      const container = await engine.must("create", "--name", "unfinished", "--publish", publish, image);
      try {
        const output = await refusedFor(kept);
        const sentence =
          `got ${String(kept)}, which the Docker engine, once killed, seems to have kept for unfinished on ${engine.address}, ` +
          "need a free port. Fix: restart the engine; or pulumi -C registry config set mia-registry:port ";
        assert.ok(output.includes(sentence), output);
      } finally {
        await engine.must("rm", "--volumes", container);
      }
    });

    it("leaves its data by `pulumi destroy --exclude-protected`, and nothing once that is protected no more", async () => {
      await registry("destroy", "--exclude-protected", "--yes");
      assert.deepEqual(await engine.remains(), [volume]);
      await registry("state", "unprotect", "--all", "--yes");
      await registry("destroy", "--yes");
      assert.deepEqual(await engine.remains(), []);
    });
  });
});
