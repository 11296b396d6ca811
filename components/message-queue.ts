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

const administrator = "mia";
const settingsFile = "/etc/rabbitmq/conf.d/90-administrator.conf";

/**
 * A request to RabbitMQ's HTTP API as its administrator, with the standard input as its body. It is sent by bash, which the
 * image has; a rabbitmqctl is an Erlang of its own, which takes seconds where a whole platform starts.
 */
function ask(method: "POST" | "DELETE", path: string): string {
  const head = [
    `${method} /api/${path} HTTP/1.0`,
    "Authorization: Basic %s",
    "Content-Type: application/json",
    "Content-Length: %d",
  ];
  const lines = [
    "exec 3<>/dev/tcp/127.0.0.1/15672 || exit",
    "LC_ALL=C body=$(cat)",
    `key=$(sed -n "s/^default_pass = /${administrator}:/p" ${settingsFile})`,
    `printf "${head.join("\\r\\n")}\\r\\n\\r\\n%s" "$(printf %s "$key" | base64 -w 0)" "\${#body}" "$body" >&3`,
    'read -r -t 20 said <&3; [[ $said == *" 204 "* ]] || { echo "RabbitMQ says ${said:-nothing}" | tr -d "\\r" >&2; exit 1; }',
  ];
  return `docker exec --interactive "$CONTAINER" bash -c '${lines.join("; ")}'`;
}

/** The message broker: its management has one administrator, and each service a user that may use its own queues and the exchange `events`. */
export class MessageQueue extends pulumi.ComponentResource implements Backing {
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** Its container, once it is healthy. */
  readonly ready: Promise<docker.Container>;
  /** Who may use the management. */
  readonly administrator: string = administrator;
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

    const password = new random.RandomPassword(
      `${name}-administrator`,
      { length: 32, special: false },
      { parent: this },
    );
    this.administratorPassword = password.result;
    const settings = password.result.apply((secret) =>
      administratorSettings({ user: administrator, password: secret }),
    );
    const secrets = { [settingsFile]: settings };
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
        create: ask("POST", "definitions"),
        statement: queueUserDefinition,
        remove: `${ask("DELETE", `users/${service}`)} < /dev/null`,
      },
      parent,
    );
  }
}
