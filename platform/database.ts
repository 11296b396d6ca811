import type { Dump } from "./backup.ts";

/** A service's own database, as its config/database.yml names it. */
export function databaseName(service: string, railsEnv: string): string {
  return `mia_${service}_${railsEnv}`;
}

/** A user and what it may use. */
export interface Account {
  readonly user: string;
  /** Letters and digits. */
  readonly password: string;
  readonly database: string;
}

/**
 * Gives a user its own database, and nothing else; run again it changes nothing but a password that is another.
 * In words that MySQL and MariaDB both understand.
 */
export function accountSql({ user, password, database }: Account): string {
  // In a grant, _ stands for any letter.
  const pattern = database.replaceAll("_", "\\_");
  return [
    createSql("CREATE DATABASE IF NOT EXISTS", database).trimEnd(),
    `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
    `ALTER USER '${user}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON \`${pattern}\`.* TO '${user}'@'%';`,
    "",
  ].join("\n");
}

/** How MySQL's client is told who it is: root, with this password of letters and digits. */
export function rootOptions(password: string): string {
  return `[client]\nuser=root\npassword=${password}\n`;
}

/**
 * How MySQL and MariaDB are backed up: one transaction that sees all databases as they were when it began, while everybody goes
 * on writing. Users and their passwords are not in it, since every stack has its own. Root's password is in the file of options.
 */
export function databaseDump(options: string): Dump {
  const asRoot = `--defaults-extra-file=${options}`;
  return {
    kind: "dump",
    dialect: ["sh", "-c", "case $(mysqldump --version) in *MariaDB*) echo MariaDB;; *) echo MySQL;; esac"],
    dump: (databases) => ["nice", "mysqldump", asRoot, ...dumpOptions, "--databases", ...databases],
    // A row of binary data is twice as long in a dump, and longer then than the server takes by itself.
    restore: [
      "sh",
      "-c",
      'mysql "$1" --execute="SET GLOBAL max_allowed_packet = 1073741824" && exec mysql "$1" --batch --max-allowed-packet=1G',
      "sh",
      asRoot,
    ],
    // A line of data never begins so: it has `\\n` for its own line ends.
    databaseAfter: (line) => /^USE `([^`]+)`;$/.exec(line)?.[1],
    into: (database) => `USE \`${database}\`;`,
    anew: (database) => `DROP DATABASE IF EXISTS \`${database}\`;\n${createSql("CREATE DATABASE", database)}`,
  };
}

const dumpOptions = [
  "--single-transaction",
  "--routines",
  "--events",
  "--hex-blob",
  "--max-allowed-packet=1G",
  "--no-create-db",
];

function createSql(create: string, database: string): string {
  return `${create} \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n`;
}
