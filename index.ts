import * as pulumi from "@pulumi/pulumi";
import { Database } from "./components/database.ts";
import { Delivery } from "./components/delivery.ts";
import { endWithEngine } from "./components/end-with-engine.ts";
import { Gate } from "./components/gate.ts";
import { Infrastructure } from "./components/infrastructure.ts";
import { LoadBalancer } from "./components/load-balancer.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { Microservice } from "./components/microservice.ts";
import { Network } from "./components/network.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
import { httpUrl } from "./components/url.ts";
import * as infrastructure from "./platform/catalogue/infrastructure.ts";
import { microservices } from "./platform/catalogue/microservices.ts";
import { registratorCommand } from "./platform/registrator.ts";

endWithEngine();
const environment = stackEnvironment();
const { platform, publishAddress: address, ports } = environment;

const machine = new Machine("mia", { environment, engine: await engineOf(environment.machine) });
const network = new Network("network", { platform, machine });

const consul = new Infrastructure("consul", {
  environment,
  network,
  definition: infrastructure.consul,
  ports: [{ container: 8500, address, port: ports.consul }],
});
const registrator = new Infrastructure("registrator", {
  environment,
  network,
  definition: { ...infrastructure.registrator, command: registratorCommand(environment) },
});
const db = new Database("db", { environment, network, definition: infrastructure.db });

const delivery = new Delivery("delivery", { environment, machine });
const services = Object.entries(microservices).map(
  ([name, definition]) => new Microservice(name, { environment, network, delivery, definition, backing: { db } }),
);

const lb = new LoadBalancer("lb", { environment, network, consul });

const gate = new Gate("gate", {
  loadBalancer: lb,
  consulUrl: httpUrl(address, ports.consul),
  engine: machine.address,
  ready: [consul, registrator, db, lb].map(({ ready }) => ready),
  services,
});
await gate.passed;

/** Where the platform answers. */
export const lbUrl = lb.url;
/** Where the load balancer shows its own state. */
export const statusUrl = lb.statusUrl;
/** Consul's UI and HTTP API. */
export const consulUrl = httpUrl(address, ports.consul);
/** The images that run, by part. */
export const images = pulumi.output(
  Object.fromEntries([
    ...Object.entries({ consul, registrator, db, lb }).map(([part, { imageName }]) => [part, imageName]),
    ...services.map(({ serviceName, imageName }) => [serviceName, imageName]),
  ]) as Record<string, pulumi.Output<string>>,
);
/** What the database says that it is: MySQL's version, or MariaDB's where that stands in. */
export const databaseVersion = db.version;
/** The id of the Docker engine that the stack lives on. */
export const engineId = machine.engineId;
