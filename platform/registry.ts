import * as v from "valibot";
import { images, neededPort, publishAddress, readSettings, type StackSource } from "./config.ts";
import type { Declared, Place } from "./environment.ts";
import { exactObject } from "./machine.ts";
import { physicalName } from "./names.ts";

/** Where a registry runs: read from its stack's config. */
export interface RegistryPlace extends Place<"registry"> {
  /** What the name of its upstream image is appended to; empty for upstream itself. */
  readonly images: string;
}

/** Every key of a stack's config below `mia-registry:`. registry/Pulumi.yaml has their types, defaults and descriptions. */
export const schema = exactObject(
  {
    images,
    publishAddress: v.pipe(
      publishAddress,
      // The certificate is for it.
      v.check((address) => address !== "0.0.0.0", "need the one address by which clients reach it"),
    ),
    port: neededPort,
  },
  "need a value",
);

const examples = {
  images: "mia-registry:images registry.example/mirror/",
  publishAddress: "mia-registry:publishAddress 127.0.0.1",
  port: "mia-registry:port 5000",
};

/**
 * Makes a stack's config into a registry's place, all but the port where its machine chooses that.
 * @throws ConfigError that names all problems at once.
 */
export function readRegistryPlace(stack: StackSource): Declared<RegistryPlace> {
  const { project } = stack;
  const source = `registry/Pulumi.${stack.stack}.yaml`;
  const { port, ...settings } = readSettings(stack, { file: source, schema, examples });
  const platform = `${project}-${stack.stack}`;
  return { ...settings, project, platform, source, serviceAddress: "", ports: { registry: port } };
}

/** By which names and addresses clients may call a registry: what its certificate is for. */
export function certifiedNames(
  name: string,
  { platform, publishAddress }: Pick<Place, "platform" | "publishAddress">,
): { dnsNames: string[]; ipAddresses: string[] } {
  return {
    dnsNames: ["localhost", name, physicalName(platform, name)],
    ipAddresses: [...new Set(["127.0.0.1", publishAddress])],
  };
}
