import { endWithEngine } from "../components/end-with-engine.ts";
import { localEngine } from "../components/machine/local.ts";
import { Machine } from "../components/machine/machine.ts";
import { Network } from "../components/network.ts";
import { Registry } from "../components/registry.ts";
import { ofStack } from "../components/stack-environment.ts";
import * as catalogue from "../platform/catalogue/registry.ts";
import { readRegistryPlace } from "../platform/registry.ts";

endWithEngine();
const declared = ofStack(readRegistryPlace);
const machine = new Machine("mia", { environment: declared, engine: await localEngine() });
const place = await machine.environment;
const network = new Network("network", { environment: place, machine });
const registry = new Registry("registry", { place, network, definition: catalogue.registry });
await registry.ready;

/** Where it answers, as the names of its images begin: `127.0.0.1:5000`. */
export const address = registry.address;
/** Who may use it. */
export const user = registry.user;
export const password = registry.password;
/** What clients have to trust, as PEM; an engine needs none for an address of 127.0.0.0/8. */
export const caCertificate = registry.caCertificate;
