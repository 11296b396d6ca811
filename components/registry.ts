import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { registry } from "../platform/catalogue/registry.ts";
import { certifiedNames, type RegistryPlace } from "../platform/registry.ts";
import { certificates } from "./certificates.ts";
import { Infrastructure } from "./infrastructure.ts";
import type { Network } from "./network.ts";

/** What a Registry is made of. */
export interface RegistryArgs {
  place: RegistryPlace;
  network: Network;
  /** Its entry in the catalogue. */
  definition: typeof registry;
}

/**
 * A private image registry: over TLS, by an authority of its own, and for those alone who know its generated password. What
 * is pushed to it outlives its container and a `pulumi destroy --exclude-protected`.
 */
export class Registry extends pulumi.ComponentResource {
  /** Where it answers, as the names of its images begin: `127.0.0.1:5000`. */
  readonly address: string;
  /** The one user that it knows, who may push, pull and delete. */
  readonly user: string;
  readonly password: pulumi.Output<string>;
  /** The certificate of its authority, as PEM: what clients have to trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** Its container, once it is healthy. */
  readonly ready: Promise<docker.Container>;

  constructor(name: string, { place, network, definition }: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    const { platform, images, publishAddress, ports } = place;
    const address = `${publishAddress}:${String(ports.registry)}`;
    super("mia:platform:Registry", name, { address }, opts);
    this.address = address;
    this.user = "mia";

    const login = new random.RandomPassword(name, { length: 32, special: false }, { parent: this });
    const names = certifiedNames(name, place);
    const { caCertificate, certificate, key } = certificates(name, { title: platform, ...names }, this);
    const { environment: variables } = definition;
    const server = new Infrastructure(
      name,
      {
        environment: { platform, images, keepsData: true },
        network,
        definition,
        secrets: {
          [variables.REGISTRY_AUTH_HTPASSWD_PATH]: pulumi.interpolate`${this.user}:${login.bcryptHash}\n`,
          [variables.REGISTRY_HTTP_TLS_CERTIFICATE]: certificate,
          [variables.REGISTRY_HTTP_TLS_KEY]: key,
        },
        ports: [{ container: 5000, address: publishAddress, port: ports.registry }],
      },
      { parent: this },
    );
    this.password = login.result;
    this.caCertificate = caCertificate;
    this.ready = server.ready;
    this.registerOutputs({ address, user: this.user, caCertificate });
  }
}
