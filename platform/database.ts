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
    `CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`,
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
