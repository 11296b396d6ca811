import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Link } from "./backing.ts";
import type { Infrastructure } from "./infrastructure.ts";
import type { Machine } from "./machine/machine.ts";

/** How a server, such as the database, gets a user for a service. */
export interface AccountArgs {
  machine: Machine;
  /** The server; the shell lines find its container's id as `$CONTAINER`. */
  server: Infrastructure;
  /** Makes the user, or sets its password anew: a shell line that gets `statement` on its standard input. */
  create: string;
  statement: (user: { user: string; password: string }) => string;
  /** Takes the user away; it may be gone already. */
  remove: string;
}

/**
 * Gives a service a user of its own on a server, with a generated password: in variables and a file that begin with the
 * server's name. Made once the server is healthy, and again where the server was made anew.
 */
export function account(server: string, service: string, args: AccountArgs, parent: pulumi.Resource): Link {
  const name = `${service}-${server}`;
  const password = new random.RandomPassword(name, { length: 32, special: false }, { parent });
  const made = new command.local.Command(
    name,
    {
      // Also what an update runs.
      create: args.create,
      delete: `${args.remove} || true`,
      environment: { ...args.machine.commandEnvironment, CONTAINER: args.server.containerId },
      stdin: password.result.apply((secret) => args.statement({ user: service, password: secret })),
      logging: command.local.Logging.None,
    },
    { parent, dependsOn: args.server.ready },
  );
  const prefix = server.toUpperCase();
  const file = `/run/secrets/${server}-password`;
  return {
    variables: {
      ...args.server.link().variables,
      [`${prefix}_USERNAME`]: service,
      [`${prefix}_PASSWORD_FILE`]: file,
    },
    secrets: { [file]: password.result },
    dependsOn: made,
  };
}
