import * as pulumi from "@pulumi/pulumi";
import { Database } from "./components/database.ts";
import { Delivery } from "./components/delivery.ts";
import { endWithEngine } from "./components/end-with-engine.ts";
import { Gate } from "./components/gate.ts";
import { Images } from "./components/images.ts";
import { Infrastructure } from "./components/infrastructure.ts";
import { LoadBalancer } from "./components/load-balancer.ts";
import { engineOf } from "./components/machine/drivers.ts";
import { Machine } from "./components/machine/machine.ts";
import { MessageQueue } from "./components/message-queue.ts";
import { Network } from "./components/network.ts";
import { Service } from "./components/service.ts";
import { stackEnvironment } from "./components/stack-environment.ts";
import { frontends } from "./platform/catalogue/frontends.ts";
import * as infrastructure from "./platform/catalogue/infrastructure.ts";
import { microservices } from "./platform/catalogue/microservices.ts";
import { consulCommand } from "./platform/consul.ts";
import { registratorCommand } from "./platform/registrator.ts";
import { backingOf, selectServices } from "./platform/selection.ts";
import { type BackingName, wholeServices } from "./platform/service.ts";

endWithEngine();
const catalogue = wholeServices(microservices, frontends);
const declared = stackEnvironment(catalogue);
const machine = new Machine("mia", { environment: declared, engine: await engineOf(declared) });
const environment = await machine.environment;
const { publishAddress: address, ports } = environment;
const selected = selectServices(catalogue, environment.services);
const used = backingOf(selected);
const ownImages = new Images("images", { environment, machine, services: selected });
await ownImages.ready;
const network = new Network("network", { environment, machine });

const consul = new Infrastructure("consul", {
  environment,
  network,
  definition: { ...infrastructure.consul, command: consulCommand(environment) },
  ports: [
    { container: 53, protocol: "udp", address, port: ports.consulDns },
    { container: 8300, address: environment.serviceAddress || address, port: ports.consulServer },
    { container: 8500, address, port: ports.consul },
  ],
});
const registrator = new Infrastructure("registrator", {
  environment,
  network,
  definition: { ...infrastructure.registrator, command: registratorCommand(environment) },
});
// A backing service runs only where a selected service uses it.
const ifUsed = <Part>(name: BackingName, declare: () => Part) => (used.has(name) ? declare() : undefined);
const db = ifUsed("db", () => new Database("db", { environment, network, definition: infrastructure.db }));
const memcache = ifUsed(
  "memcache",
  () => new Infrastructure("memcache", { environment, network, definition: infrastructure.memcache }),
);
const rmq = ifUsed(
  "rmq",
  () =>
    new MessageQueue("rmq", {
      environment,
      network,
      definition: infrastructure.rmq,
      ports: [{ container: 15672, address, port: ports.rmqManagement }],
    }),
);
const elastic = ifUsed(
  "elastic",
  () => new Infrastructure("elastic", { environment, network, definition: infrastructure.elastic }),
);

const delivery = new Delivery("delivery", { environment, machine, images: ownImages, services: selected });
const backing = { db, memcache, rmq, consul, elastic };
const services = Object.entries(selected).map(
  ([name, definition]) => new Service(name, { environment, network, delivery, definition, backing, registrator }),
);

const lb = new LoadBalancer("lb", { environment, network, images: ownImages, consul });

const gate = new Gate("gate", {
  loadBalancer: lb,
  consulUrl: machine.url(ports.consul),
  machine,
  ready: [...[consul, registrator, db, memcache, rmq, elastic].flatMap((part) => part?.ready ?? []), ...lb.ready],
  services,
});
await gate.passed;

/** Where the platform answers. */
export const lbUrl = lb.url;
/** Where the load balancer shows its own state. */
export const statusUrl = lb.statusUrl;
/** Consul's UI and HTTP API. */
export const consulUrl = machine.url(ports.consul);
/** The images that run, by part. */
export const images = pulumi.output(
  Object.fromEntries([
    ["edge", lb.edgeImageName],
    ...Object.entries({ registrator, lb, ...backing }).flatMap(([part, one]) =>
      one === undefined ? [] : [[part, one.imageName]],
    ),
    ...services.map(({ serviceName, imageName }) => [serviceName, imageName]),
  ]) as Record<string, pulumi.Input<string>>,
);
/** How many instances there are of each service. */
export const replicas = Object.fromEntries(
  services.map(({ serviceName, instances }) => [serviceName, instances.length]),
);
/** RabbitMQ's management, where it is published, and who may use it. */
export const rmqUrl = ports.rmqManagement === 0 ? undefined : machine.url(ports.rmqManagement);
export const rmqUser = rmq?.administrator;
export const rmqPassword = rmq?.administratorPassword;
/** What the database says that it is: MySQL's version, or MariaDB's where that stands in. */
export const databaseVersion = db?.version;
/** The services' own databases, by service. */
export const databases = db?.databases ?? {};
/** What the stack is for: the config's `mia:kind`. Of the kind `qa` nothing needs to be kept. */
export const kind = environment.kind;
/** The id of the Docker engine that the stack lives on. */
export const engineId = machine.engineId;
/** The machine of that engine: its driver, its engine's URL, and where it has them its name, address and certificates. */
const facts = machine.facts.apply((known) => ({ driver: environment.machine.driver, ...known }));
export { facts as machine };
