import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Address, dockerWithInput } from "../components/machine/docker.ts";
import { type Registry, registryHost } from "../platform/environment.ts";
import { writePrivate } from "./private-files.ts";
import { DeliveryError, refused } from "./refusal.ts";

interface DockerConfig {
  credHelpers?: Record<string, string>;
}

/**
 * The engine, by a docker command that is logged in at the registry: with a copy of the user's own config in `folder`, so that
 * nothing of the login stays. Without a user, it is the user's own command as it is.
 * @throws DeliveryError where the registry does not answer or refuses.
 */
export async function loggedIn(engine: Address, registry: Registry, folder: string): Promise<Address> {
  const { address, login } = registry;
  if (login === undefined) return engine;
  const host = registryHost(address);
  const own = process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const target = join(folder, "docker");
  mkdirSync(target);
  // What else the command needs of it: its plugins, and the certificates of other engines.
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    if (name !== "config.json") symlinkSync(join(own, name), join(target, name));
  }
  const file = join(own, "config.json");
  const config = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as DockerConfig) : {};
  // Of this registry no keychain is asked, nor told. Docker Hub has another name there.
  const names = host === "docker.io" ? [host, "https://index.docker.io/v1/"] : [host];
  const plain = Object.fromEntries(names.map((name) => [name, ""]));
  const merged: DockerConfig = { ...config, credHelpers: { ...config.credHelpers, ...plain } };
  writePrivate(join(target, "config.json"), JSON.stringify(merged));
  const loggedInThere = { ...engine, DOCKER_CONFIG: target };
  const { user, password } = login;
  const words = ["login", "--username", user, "--password-stdin", host];
  const answer = await dockerWithInput(password, loggedInThere, ...words);
  if (!answer.ok) throw new DeliveryError(refused(registry, "give", answer.why));
  return loggedInThere;
}
