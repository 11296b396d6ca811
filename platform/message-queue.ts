/** What RabbitMQ is to know of a service's user. */
export interface QueueUser {
  readonly user: string;
  readonly password: string;
}

/**
 * A user as RabbitMQ imports it; again it changes nothing but a password that is another. It may use the exchange
 * `events`, which all share, and what has a name that begins with its own: `<user>.`.
 */
export function queueUserDefinition({ user, password }: QueueUser): string {
  const own = `^(events|${user}\\..*)$`;
  return JSON.stringify({
    users: [{ name: user, password, tags: [] }],
    permissions: [{ user, vhost: "/", configure: own, write: own, read: own }],
  });
}

/** RabbitMQ's own settings: the administrator that its first start makes. */
export function administratorSettings({ user, password }: QueueUser): string {
  return `default_user = ${user}\ndefault_pass = ${password}\n`;
}
