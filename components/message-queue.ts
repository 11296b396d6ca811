import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Infrastructure as Definition } from "../platform/catalogue/infrastructure.ts";
import type { Environment } from "../platform/environment.ts";
import { administratorSettings, queueUserDefinition } from "../platform/message-queue.ts";
import { account } from "./account.ts";
import type { Backing, Link } from "./backing.ts";
import type { PublishedPort } from "./container.ts";
import { Infrastructure } from "./infrastructure.ts";
import type { Network } from "./network.ts";

/** What a MessageQueue is made of. */
export interface MessageQueueArgs {
  environment: Environment;
  network: Network;
  /** Its entry in the catalogue: an image of RabbitMQ. */
  definition: Definition;
  /** Its ports that the machine publishes. @default none */
  ports?: readonly PublishedPort[];
}

/** Makes what it gets on its standard input known to RabbitMQ, whose own command waits for ever for the end of that. */
const importDefinitions =
  'docker exec --interactive "$CONTAINER" sh -c \'umask 077; file=$(mktemp); trap "rm -f $file" EXIT; cat > $file && rabbitmqctl --quiet import_definitions $file\'';

/** The message broker: its management has one administrator, and each service a user that may use its own queues and the exchange `events`. */
export class MessageQueue extends pulumi.ComponentResource implements Backing {
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** Its container, once it is healthy. */
  readonly ready: Promise<docker.Container>;
  /** Who may use the management. */
  readonly administrator: string = "mia";
  /** That one's password, a secret. */
  readonly administratorPassword: pulumi.Output<string>;

  private readonly name: string;
  private readonly server: Infrastructure;
  private readonly network: Network;

  constructor(name: string, args: MessageQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    const { environment, network, definition, ports = [] } = args;
    super("mia:platform:MessageQueue", name, {}, opts);
    this.name = name;
    this.network = network;

    const administrator = new random.RandomPassword(
      `${name}-administrator`,
      { length: 32, special: false },
      { parent: this },
    );
    this.administratorPassword = administrator.result;
    const settings = administrator.result.apply((password) =>
      administratorSettings({ user: this.administrator, password }),
    );
    const secrets = { "/etc/rabbitmq/conf.d/90-administrator.conf": settings };
    this.server = new Infrastructure(name, { environment, network, definition, ports, secrets }, { parent: this });
    this.imageName = this.server.imageName;
    this.ready = this.server.ready;
    this.registerOutputs({ imageName: this.imageName });
  }

  /** A user with a password of its own. */
  link(service: string, parent: pulumi.Resource): Link {
    return account(
      this.name,
      service,
      {
        machine: this.network.machine,
        server: this.server,
        create: importDefinitions,
        statement: queueUserDefinition,
        remove: `docker exec "$CONTAINER" rabbitmqctl --quiet delete_user ${service}`,
      },
      parent,
    );
  }
}
