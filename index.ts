import * as pulumi from "@pulumi/pulumi";
import { Gate } from "./components/gate.ts";
import { Infrastructure } from "./components/infrastructure.ts";
import { LoadBalancer } from "./components/load-balancer.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { Network } from "./components/network.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
import { httpUrl } from "./components/url.ts";
import * as catalogue from "./platform/catalogue/infrastructure.ts";

const environment = stackEnvironment();
const { platform, publishAddress: address, ports } = environment;

const machine = new Machine("mia", { platform, engine: await engineOf(environment.machine) });
const network = new Network("network", { platform, machine });

const consul = new Infrastructure("consul", {
  environment,
  network,
  definition: catalogue.consul,
  ports: [{ container: 8500, address, port: ports.consul }],
});

const lb = new LoadBalancer("lb", { environment, network, consul });

const gate = new Gate("gate", { loadBalancer: lb, ready: [consul.ready, lb.ready] });
await gate.passed;

/** Where the platform answers. */
export const lbUrl = lb.url;
/** Where the load balancer shows its own state. */
export const statusUrl = lb.statusUrl;
/** Consul's UI and HTTP API. */
export const consulUrl = httpUrl(address, ports.consul);
/** The images that run, by part. */
export const images = pulumi.output({ consul: consul.imageName, lb: lb.imageName });
/** The id of the Docker engine that the stack lives on. */
export const engineId = machine.engineId;
