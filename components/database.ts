import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Infrastructure as Definition } from "../platform/catalogue/infrastructure.ts";
import { accountSql, databaseName, rootOptions } from "../platform/database.ts";
import type { Environment } from "../platform/environment.ts";
import { account } from "./account.ts";
import type { Backing, Link } from "./backing.ts";
import { Infrastructure } from "./infrastructure.ts";
import type { Machine } from "./machine/machine.ts";
import type { Network } from "./network.ts";

/** What a Database is made of. */
export interface DatabaseArgs {
  environment: Environment;
  network: Network;
  /** Its entry in the catalogue: an image of MySQL, or of what speaks as it does. */
  definition: Definition & {
    readonly environment: { readonly MYSQL_ROOT_PASSWORD_FILE: string };
    readonly rootOptions: string;
  };
}

/** The database server, whose root password nobody but it and this program knows; each service has its own user and database. */
export class Database extends pulumi.ComponentResource implements Backing {
  /** The image that runs. */
  readonly imageName: pulumi.Output<string>;
  /** What the server says that it is, such as `8.4.6` or `11.8.6-MariaDB`. */
  readonly version: pulumi.Output<string>;
  /** Its container, once it is healthy. */
  readonly ready: Promise<docker.Container>;

  /** The services' own databases, by service. */
  readonly databases: Readonly<Record<string, string>>;

  private readonly linked: Record<string, string> = {};
  private readonly name: string;
  private readonly environment: Environment;
  private readonly server: Infrastructure;
  private readonly machine: Machine;
  private readonly rootOptions: string;

  constructor(
    name: string,
    { environment, network, definition }: DatabaseArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mia:platform:Database", name, {}, opts);
    this.databases = this.linked;
    this.name = name;
    this.environment = environment;
    this.machine = network.machine;
    this.rootOptions = definition.rootOptions;

    // It is stored in the volume: who loses one of the two has lost the other.
    const root = new random.RandomPassword(
      `${name}-root`,
      { length: 32, special: false },
      { parent: this, protect: environment.keepsData },
    );
    this.server = new Infrastructure(
      name,
      {
        environment,
        network,
        definition,
        secrets: {
          [definition.environment.MYSQL_ROOT_PASSWORD_FILE]: root.result,
          [definition.rootOptions]: root.result.apply(rootOptions),
        },
      },
      { parent: this },
    );
    this.imageName = this.server.imageName;
    this.ready = this.server.ready;
    const version = new command.local.Command(
      `${name}-version`,
      {
        create: this.client("--skip-column-names --batch --execute='SELECT VERSION()'"),
        environment: { ...this.machine.commandEnvironment, CONTAINER: this.server.containerId },
        logging: command.local.Logging.None,
      },
      { parent: this, dependsOn: this.ready },
    );
    this.version = version.stdout;
    this.registerOutputs({ imageName: this.imageName, version: this.version });
  }

  /** A user with a password of its own, and a database that only it can use. */
  link(service: string, parent: pulumi.Resource): Link {
    const database = databaseName(service, this.environment.mode);
    this.linked[service] = database;
    return account(
      this.name,
      service,
      {
        machine: this.machine,
        server: this.server,
        create: this.client(""),
        statement: ({ user, password }) => accountSql({ user, password, database }),
        remove: this.client(`--execute="DROP USER IF EXISTS '${service}'@'%'"`),
      },
      parent,
    );
  }

  /** Runs MySQL's client as root where root's password is: in the database's own container. */
  private client(options: string): string {
    return `docker exec --interactive "$CONTAINER" mysql --defaults-extra-file=${this.rootOptions} ${options}`.trimEnd();
  }
}
