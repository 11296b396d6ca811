// Requires: pulumi, engine.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { Clone } from "./support/clone.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { services } from "./support/parts.ts";

const root = join(import.meta.dirname, "../..");

/** A service of the article's YAML, once what it extends is in it. */
interface Described {
  image?: string;
  build?: string;
  command?: string;
  hostname?: string;
  environment?: Record<string, string | number>;
  ports?: (string | number)[];
  volumes?: string[];
  volumes_from?: string[];
  links?: string[];
}

/** What `docker inspect` shows of a container, as far as it matters here. */
interface Container {
  Name: string;
  Config: {
    Image: string;
    Cmd: string[] | null;
    Env: string[];
    User: string;
    Hostname: string;
    Healthcheck?: object;
    Labels: Record<string, string>;
  };
  HostConfig: {
    RestartPolicy: { Name: string };
    Memory: number;
    CapDrop: string[] | null;
    Tmpfs?: Record<string, string>;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
  NetworkSettings: {
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
    Networks: Record<string, { Aliases: string[] | null }>;
  };
  /** Its image's own command and environment. */
  image: { Cmd: string[] | null; Env: string[]; User: string };
}

/** The article's common.yml and docker-compose.yml, as one. */
function article(): Record<string, Described> {
  const read = (file: string) => parse(readFileSync(join(root, "tests/article", file), "utf8")) as never;
  const common: Record<string, Described> = read("common.yml");
  const services: Record<string, Described & { extends?: { service: string } }> = read("docker-compose.yml");
  const whole = Object.entries(services).map(([name, { extends: base, ...own }]) => {
    const shared = base === undefined ? {} : common[base.service];
    return [name, { ...shared, ...own, environment: { ...shared?.environment, ...own.environment } }];
  });
  return Object.fromEntries(whole) as Record<string, Described>;
}

/** What the article says of a service that is not so here, a line each. */
function missing(name: string, said: Described, all: Map<string, Container>): string[] {
  const here = all.get(name);
  const facts: [string, string, (container: Container) => boolean][] = [];
  const add = (key: string, values: string[], holds: (value: string, container: Container) => boolean) => {
    for (const value of values) facts.push([key, value, (container) => holds(value, container)]);
  };
  add("image", listOf(said.image), (value, { Config }) => withoutPrefix(Config.Image) === value);
  add("build", listOf(said.build), (value, { Config }) => Config.Image.startsWith(`mia-${folderOf(value)}:`));
  add("command", listOf(said.command), (value, { Config }) => Config.Cmd?.join(" ") === value);
  add("hostname", listOf(said.hostname), (value, { Config }) => Config.Hostname === value);
  add(
    "environment",
    Object.entries(said.environment ?? {}).map(([key, value]) => `${key}=${String(value)}`),
    (value, { Config }) => Config.Env.includes(value),
  );
  add("ports", (said.ports ?? []).map(String), (value, container) => published(value, container));
  add("volumes", said.volumes ?? [], (value, { Mounts }) => {
    const [from = "", to] = value.split(":");
    return Mounts.some(({ Source, Destination }) => Destination === to && Source.endsWith(from.replace(/^\./, "")));
  });
  add("volumes_from", said.volumes_from ?? [], (value, { Mounts }) =>
    Mounts.some(({ Name }) => Name === `mia-dev-${value}`),
  );
  add("links", said.links ?? [], (value, container) => linked(value, name, container, all));
  return facts
    .filter(([, , holds]) => here === undefined || !holds(here))
    .map(([key, value]) => `${name}.${key}: ${value}`);
}

/** What is here and the article does not have, a line each. */
function added(name: string, said: Described, here: Container): string[] {
  const { Config, HostConfig, Mounts, NetworkSettings, image } = here;
  const variables = Object.keys(said.environment ?? {});
  const links = (said.links ?? []).map((link) => link.toUpperCase());
  const own = Config.Env.filter((variable) => !image.Env.includes(variable))
    .map((variable) => variable.split("=")[0] ?? "")
    .filter((key) => !variables.includes(key) && !links.some((link) => isOfLink(key, link)));
  const targets = (said.volumes ?? []).map((value) => value.split(":")[1]);
  const from = (said.volumes_from ?? []).map((value) => `mia-dev-${value}`);
  const mounts = Mounts.filter(
    ({ Name, Destination }) => !targets.includes(Destination) && !from.includes(Name ?? ""),
  ).map(({ Destination }) => Destination);
  const ports = Object.entries(NetworkSettings.Ports).flatMap(([port, hosts]) =>
    (hosts ?? []).map(({ HostIp, HostPort }) => ({ ip: HostIp, port: `${HostPort}:${port.replace("/tcp", "")}` })),
  );
  const wanted = (said.ports ?? []).map(String);
  return [
    ...own.map((key) => `+environment: ${key}`),
    ...mounts.map((path) => `+volumes: ${path}`),
    ...ports.filter(({ port }) => !wanted.includes(port)).map(({ port }) => `+ports: ${port}`),
    ...[...new Set(ports.map(({ ip }) => ip))].map((ip) => `+ports: on ${ip}`),
    ...(said.command === undefined && Config.Cmd?.join(" ") !== image.Cmd?.join(" ") ? ["+command"] : []),
    ...(Config.Healthcheck === undefined ? [] : ["+healthcheck"]),
    ...(HostConfig.RestartPolicy.Name === "no" ? [] : [`+restart: ${HostConfig.RestartPolicy.Name}`]),
    ...(HostConfig.Memory === 0 ? [] : ["+memory"]),
    ...(HostConfig.CapDrop?.includes("ALL") ? ["+confined"] : []),
    ...(Config.User === image.User ? [] : ["+user"]),
    ...Object.keys(HostConfig.Tmpfs ?? {}).map((path) => `+tmpfs: ${path}`),
  ].map((fact) => `${name}.${fact}`);
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}

function withoutPrefix(image: string): string {
  const prefix = process.env["MIA_IMAGES"] ?? "";
  return image.startsWith(prefix) ? image.slice(prefix.length) : image;
}

function folderOf(path: string): string {
  return path.split("/").filter(Boolean).at(-1) ?? "";
}

function published(value: string, { NetworkSettings }: Container): boolean {
  const [first = "", second] = value.split(":");
  const inside = second ?? first;
  const hosts = NetworkSettings.Ports[inside.includes("/") ? inside : `${inside}/tcp`] ?? [];
  return hosts.some(({ HostPort }) => second === undefined || HostPort === first);
}

/** By name on a network that both have; and for whom the article has variables, by those. */
function linked(target: string, name: string, { Config, NetworkSettings }: Container, all: Map<string, Container>) {
  const networks = all.get(target)?.NetworkSettings.Networks ?? {};
  const found = Object.keys(NetworkSettings.Networks).some((network) => networks[network]?.Aliases?.includes(target));
  const prefix = `WEB_${target.toUpperCase()}_1_PORT`;
  const told = Config.Env.some((variable) => variable.startsWith(`${prefix}_`) && variable.endsWith(`_ADDR=${target}`));
  return found && (told || ["lb", "registrator"].includes(name));
}

function isOfLink(key: string, link: string): boolean {
  return key.startsWith(`${link}_PORT`) || key.startsWith(`WEB_${link}_1_PORT`);
}

/** The first column of docs/article.md's first table: what deviates, with * for anything. */
function documented(): string[] {
  const [text = ""] = readFileSync(join(root, "docs/article.md"), "utf8").split("## Held against its words");
  const cells = [...text.matchAll(/^\| (`.*?) \|/gm)].map((match) => match[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
}

function matches(pattern: string, fact: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(fact);
}

describe("The platform in dev, held against the article's own YAML", () => {
  let engine: OwnEngine;
  let clone: Clone;
  const running = new Map<string, Container>();

  before(async () => {
    engine = await OwnEngine.start({ version: "distribution" });
    clone = await Clone.make({ dockerHost: engine.host });
    // The article's ports, at a loopback address where nobody has them.
    await clone.usePorts("dev", {
      http: 80,
      status: 8181,
      consul: 8500,
      consulServer: 8300,
      consulDns: 8600,
      rmqManagement: 15672,
    });
    await clone.mustPulumi("stack", "select", "dev", "--create");
    await clone.mustPulumi("config", "set", "mia:publishAddress", "127.0.0.5");
    await clone.mustPulumi("up", "--yes", "--skip-preview");
    const ids = (await engine.docker("ps", "--quiet")).stdout.trim().split("\n");
    for (const container of await inspect<Container>(ids)) {
      const [image] = await inspect<{ Config: Container["image"] }>([container.Config.Image]);
      assert.ok(image);
      // Where the test's own engine has its socket, a user's has it in the usual place.
      for (const mount of container.Mounts) {
        if (mount.Source === engine.host.slice("unix://".length)) mount.Source = "/var/run/docker.sock";
      }
      running.set(container.Config.Labels["mia.part"] ?? container.Name, { ...container, image: image.Config });
    }
  });

  after(async () => {
    clone.remove();
    await engine.remove();
  });

  async function inspect<T>(names: string[]): Promise<T[]> {
    return JSON.parse((await engine.docker("inspect", ...names)).stdout) as T[];
  }

  it("deviates exactly where docs/article.md says so, and why", () => {
    const deviations = Object.entries(article()).flatMap(([name, said]) => {
      const here = running.get(name);
      return [...missing(name, said, running), ...(here === undefined ? [] : added(name, said, here))];
    });
    const patterns = documented();
    assert.deepEqual(
      deviations.filter((fact) => !patterns.some((pattern) => matches(pattern, fact))),
      [],
      "undocumented",
    );
    assert.deepEqual(
      patterns.filter((pattern) => !deviations.some((fact) => matches(pattern, fact))),
      [],
      "documented, but not so",
    );
  });

  it("runs nothing that the article has not, but for the edge", () => {
    const names = Object.keys(article()).filter((name) => !["data", "rubygems"].includes(name));
    assert.deepEqual([...running.keys()].sort(), [...names, "edge"].sort());
    for (const name of names) {
      const suffix = [...services, "lb"].includes(name) ? "-[0-9a-f]{7}" : "";
      assert.match(running.get(name)?.Name ?? "", new RegExp(`^/mia-dev-${name}${suffix}$`));
    }
  });

  it("answers at the article's ports", async () => {
    const at = (port: number, path: string) => fetch(`http://127.0.0.5:${String(port)}${path}`);
    assert.equal((await at(80, "/user/health")).status, 200);
    assert.equal((await at(8181, "/")).status, 200);
    assert.match(await (await at(8500, "/v1/status/leader")).text(), /^"[\d.]+:8300"$/);
    assert.equal((await at(15672, "/")).status, 200);
  });

  it("tells by Consul's DNS where a service is", async () => {
    const { Resolver } = await import("node:dns/promises");
    const resolver = new Resolver();
    resolver.setServers(["127.0.0.5:8600"]);
    const [found] = await resolver.resolveSrv("user.service.consul");
    assert.equal(found?.port, 3000);
  });
});
