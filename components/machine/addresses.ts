import type { Address } from "./docker.ts";

// What the shell says for its own engine would be in the way.
const alone = { DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_TLS_VERIFY: "", DOCKER_CERT_PATH: "" };

/** How to reach the engine of a docker context. */
export function contextAddress(name: string): Address {
  return { ...alone, DOCKER_CONTEXT: name };
}

/** How to reach an engine through ssh: `user@host:port`. */
export function sshAddress(at: string): Address {
  return { ...alone, DOCKER_HOST: `ssh://${at}` };
}

/** How to reach an engine over TLS. */
export function tlsAddress(host: string, certificates: string): Address {
  return { ...alone, DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
}
