import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Declared, Part } from "./declared.ts";

/** The files that a part gets from outside, by their paths in the container: Compose has no other way than to mount them. */
export function filesOf({ sql, queueUsers }: Declared, { name, inputs }: Part, folder: string): Map<string, string> {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const files = new Map((inputs.uploads ?? []).map(({ file, content }) => [file, content]));
  // Where there is no program that makes users, RabbitMQ reads them at its start.
  if (name === "rmq" && queueUsers.users.length > 0) {
    files.set("/run/definitions.json", JSON.stringify({ ...queueUsers, vhosts: [{ name: "/" }] }));
    files.set("/etc/rabbitmq/conf.d/91-users.conf", "load_definitions = /run/definitions.json\n");
  }
  if (name === "db" && sql !== "") files.set("/run/users.sql", sql);
  return new Map(
    [...files].map(([path, content]) => {
      const file = join(own, basename(path));
      writeFileSync(file, content, { mode: 0o444 });
      return [path, file];
    }),
  );
}

/** What makes the services' users known to the database, in its own container, as soon as it answers. */
export function usersCommand({ inputs }: Part): string[] {
  const options = inputs.uploads?.find(({ file }) => file.endsWith(".cnf"))?.file ?? "";
  const client = `mysql --defaults-extra-file=${options} --host=127.0.0.1`;
  return ["sh", "-c", `until ${client} < /run/users.sql 2> /dev/null; do sleep 0.1; done`];
}
