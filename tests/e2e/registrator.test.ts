// Requires: pulumi, engine.

import assert from "node:assert/strict";
import images from "../../platform/catalogue/images.json" with { type: "json" };
import { eventually } from "./support/command.ts";
import { freePort } from "./support/ports.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { within } from "../support/limits.ts";

/** What Consul's agent knows of a service. */
interface Service {
  ID: string;
  Service: string;
  Tags: string[];
  Meta: Record<string, string>;
  Address: string;
  Port: number;
}

interface Check {
  ServiceID: string;
  Type: string;
  Status: string;
  Interval: string;
  Timeout: string;
  Output: string;
}

const prefix = process.env["MIA_IMAGES"] ?? "";
const nginx = `${prefix}nginx:1.28.0`; // exposes 80
const consulImage = `${prefix}${images.consul}`; // exposes 8300, 8301, 8301/udp and more

/** The documented contract of the Registrator that the platform runs, whichever it is: upstream's or what stands in. */
describe("Registrator", () => {
  let engine: OwnEngine;
  let port: number;

  before(async () => {
    engine = await OwnEngine.shared();
    port = await freePort();
    await must("run", "-d", "--name", "consul", "-p", `127.0.0.1:${String(port)}:8500`, consulImage);
    await must("create", "--name", "pull", nginx);
    await eventually(within.recovery, leader, (found) => found !== undefined && found !== '""');
  });

  after(() => engine.clear());

  const must = async (...args: string[]) => engine.must(...args);

  async function ask<T>(path: string): Promise<T> {
    return (await (await fetch(`http://127.0.0.1:${String(port)}${path}`)).json()) as T;
  }

  async function leader(): Promise<string | undefined> {
    try {
      return await ask<string>("/v1/status/leader");
    } catch {
      return undefined;
    }
  }

  async function services(): Promise<Record<string, Service>> {
    return ask("/v1/agent/services");
  }

  async function checkOf(id: string): Promise<Check> {
    const check = Object.values(await ask<Record<string, Check>>("/v1/agent/checks")).find(
      (one) => one.ServiceID === id,
    );
    assert.ok(check, `${id} has no check`);
    return check;
  }

  function address(name: string): Promise<string> {
    return must("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name);
  }

  async function registrator(...options: string[]): Promise<void> {
    const socket = `${engine.folder}/docker.sock:/tmp/docker.sock`;
    const image = `${prefix}${images.registrator}`;
    const consul = `consul://${await address("consul")}:8500`;
    await must("run", "-d", "--name", "registrator", "--hostname", "reg", "-v", socket, image, ...options, consul);
  }

  function run(name: string, image: string, ...options: string[]): Promise<string> {
    return must("run", "-d", "--name", name, ...options, "--entrypoint", "sleep", image, "600");
  }

  /** Variables as options of `docker run`. */
  function variables(...texts: string[]): string[] {
    return texts.flatMap((text) => ["-e", text]);
  }

  async function registered(id: string): Promise<Service> {
    const all = await eventually(within.change, services, (now) => id in now);
    const service = all[id];
    assert.ok(service);
    return service;
  }

  afterEach(async () => {
    const others = (await must("ps", "-a", "--format", "{{.Names}}")).split("\n").filter((n) => !/consul|pull/.test(n));
    if (others.length > 0) await must("rm", "-f", ...others);
    for (const id of Object.keys(await services())) {
      await fetch(`http://127.0.0.1:${String(port)}/v1/agent/service/deregister/${encodeURIComponent(id)}`, {
        method: "PUT",
      });
    }
  });

  describe("with -internal", () => {
    it("registers a port under its container's own address, with tags, other variables as meta, and a check", async () => {
      await registrator("-internal");
      await run(
        "u1",
        nginx,
        ...variables(
          "SERVICE_80_NAME=user",
          "SERVICE_80_TAGS=backend,user",
          "SERVICE_PLATFORM=mia-dev",
          "SERVICE_80_CHECK_HTTP=/health",
          "SERVICE_80_CHECK_INTERVAL=2s",
          "SERVICE_80_CHECK_TIMEOUT=5s",
          "SERVICE_80_CHECK_DEREGISTER_AFTER=10m",
        ),
      );
      const service = await registered("reg:u1:80");
      assert.deepEqual(
        [service.Service, service.Tags.sort(), service.Address, service.Port],
        ["user", ["backend", "user"], await address("u1"), 80],
      );
      assert.deepEqual(service.Meta, {
        platform: "mia-dev",
        check_http: "/health",
        check_interval: "2s",
        check_timeout: "5s",
        check_deregister_after: "10m",
      });
      const check = await checkOf("reg:u1:80");
      assert.deepEqual([check.Type, check.Status, check.Interval, check.Timeout], ["http", "critical", "2s", "5s"]);
      // Consul says what it asks once it has.
      await eventually(
        within.change,
        () => checkOf("reg:u1:80"),
        ({ Output }) => Output.includes(`http://${service.Address}:80/health`),
      );
    });

    it("names what has no name by its image, each of several ports with its number, and udp so", async () => {
      await registrator("-internal");
      await run("plain", nginx);
      await run("many", consulImage);
      assert.equal((await registered("reg:plain:80")).Service, "nginx");
      assert.equal((await registered("reg:many:8300")).Service, "consul-8300");
      const udp = await registered("reg:many:8301:udp");
      assert.deepEqual([udp.Service, udp.Tags], ["consul-8301", ["udp"]]);
    });

    it("lets what is said of a port win, and of others nothing", async () => {
      await registrator("-internal", "-explicit");
      await run(
        "one",
        consulImage,
        ...variables("SERVICE_8500_NAME=ui", "SERVICE_8500_TAGS=a\\,b,c", "SERVICE_TAGS=d"),
      );
      await run(
        "all",
        consulImage,
        ...variables(
          "SERVICE_NAME=all",
          "SERVICE_8300_NAME=rpc",
          "SERVICE_8301-8302_IGNORE=yes",
          "SERVICE_8600_udp_ID=dns",
        ),
      );
      assert.deepEqual((await registered("reg:one:8500")).Tags.sort(), ["a,b", "c"]);
      await registered("dns");
      const all = Object.entries(await services()).map(([id, { Service }]) => `${id} ${Service}`);
      assert.deepEqual(all.sort(), [
        "dns all-8600",
        "reg:all:8300 rpc",
        "reg:all:8500 all-8500",
        "reg:all:8600 all-8600",
        "reg:one:8500 ui",
      ]);
    });

    it("registers nothing of a container that says so, and with -explicit nothing without a name", async () => {
      await registrator("-internal", "-explicit", "-tags=everywhere");
      await run("ignored", nginx, ...variables("SERVICE_NAME=a", "SERVICE_IGNORE=true"));
      await run("nameless", nginx, ...variables("SERVICE_TAGS=b"));
      await run(
        "labelled",
        nginx,
        "--label",
        "SERVICE_NAME=c",
        ...variables("SERVICE_TAGS={{.Config.Hostname}}"),
        "-h",
        "h1",
      );
      assert.deepEqual((await registered("reg:labelled:80")).Tags.sort(), ["everywhere", "h1"]);
      assert.deepEqual(Object.keys(await services()), ["reg:labelled:80"]);
    });

    it("takes a TCP check and a status to begin with", async () => {
      await registrator("-internal");
      await run(
        "tcp",
        nginx,
        ...variables("SERVICE_NAME=t", "SERVICE_CHECK_TCP=true", "SERVICE_CHECK_INITIAL_STATUS=passing"),
      );
      await registered("reg:tcp:80");
      const check = await checkOf("reg:tcp:80");
      assert.deepEqual([check.Type, check.Status, check.Interval], ["tcp", "passing", "10s"]);
    });
  });

  describe("with -ip", () => {
    it("registers that address and the port that the host publishes, and nothing unpublished", async () => {
      await registrator("-ip=10.214.0.1");
      await run("hidden", nginx, ...variables("SERVICE_NAME=hidden"));
      await run("shown", nginx, "-p", "127.0.0.1::80", ...variables("SERVICE_80_NAME=shown"));
      const shown = await registered("reg:shown:80");
      const published = (await must("port", "shown", "80")).split(":").at(-1);
      assert.deepEqual([shown.Address, String(shown.Port)], ["10.214.0.1", published]);
      assert.equal((await services())["reg:hidden:80"], undefined);
    });
  });

  describe("while it runs", () => {
    it("takes out what ends, and brings in what starts again", async () => {
      await registrator("-internal", "-explicit");
      await run("u1", nginx, ...variables("SERVICE_NAME=user"));
      await registered("reg:u1:80");
      await must("kill", "u1");
      await eventually(within.edit, services, (now) => Object.keys(now).length === 0);
      await must("start", "u1");
      await registered("reg:u1:80");
    });

    it("with -resync tells Consul again what that has lost, and keeps the state of a check", async () => {
      await registrator("-internal", "-explicit", "-resync=2");
      await run("u1", nginx, ...variables("SERVICE_NAME=user", "SERVICE_CHECK_TTL=60s"));
      await registered("reg:u1:80");
      await fetch(`http://127.0.0.1:${String(port)}/v1/agent/check/pass/service:reg:u1:80`, { method: "PUT" });
      const synced = async () =>
        (await engine.docker("logs", "registrator")).output.match(/Syncing services/g)?.length ?? 0;
      const before = await synced();
      await eventually(within.change, synced, (times) => times > before);
      assert.equal((await checkOf("reg:u1:80")).Status, "passing");
      await fetch(`http://127.0.0.1:${String(port)}/v1/agent/service/deregister/reg:u1:80`, { method: "PUT" });
      await registered("reg:u1:80");
    });

    it("with -cleanup takes out what has ended while it was away, and nothing of others", async () => {
      await registrator("-internal", "-explicit");
      await run("u1", nginx, ...variables("SERVICE_NAME=user"));
      await registered("reg:u1:80");
      const other = { ID: "other:u1:80", Name: "user" };
      await fetch(`http://127.0.0.1:${String(port)}/v1/agent/service/register`, {
        method: "PUT",
        body: JSON.stringify(other),
      });
      await must("rm", "-f", "registrator", "u1");
      await registrator("-internal", "-explicit", "-cleanup");
      await eventually(within.edit, services, (now) => Object.keys(now).join() === "other:u1:80");
    });

    it("waits for Consul as long as it is told to, and ends when the options are wrong", async () => {
      const image = `${prefix}${images.registrator}`;
      const socket = `${engine.folder}/docker.sock:/tmp/docker.sock`;
      const nowhere = ["-retry-attempts=1", "-retry-interval=100", "consul://127.0.0.1:1"];
      assert.equal((await engine.docker("run", "--rm", "-v", socket, image, ...nowhere)).code, 1);
      assert.equal((await engine.docker("run", "--rm", "-v", socket, image, "consul://a", "consul://b")).code, 2);
    });
  });
});
