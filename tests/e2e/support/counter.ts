import type { TestEngine } from "./test-engine.ts";
import { every } from "../../support/limits.ts";
import { pause } from "../../support/pause.ts";

/**
 * Writes rows through the service `user` into `db`, one after the other, whatever becomes of the platform meanwhile, and
 * remembers those that were acknowledged: each of them has to be there for ever.
 */
export class Counter {
  readonly acknowledged: string[] = [];
  /** How many writes were refused, or not answered. */
  refused = 0;
  private readonly url: string;
  private readonly writer: Promise<void>;
  private over = false;
  private next = 0;

  constructor(url: string) {
    this.url = url;
    this.writer = this.write();
  }

  /** Ends it, once the last write is answered. */
  async stop(): Promise<void> {
    this.over = true;
    await this.writer;
  }

  /** Waits until so many more writes were acknowledged than now. */
  async goesOn(more = 3, seconds = 60): Promise<void> {
    const [from, deadline] = [this.acknowledged.length, Date.now() + seconds * 1000];
    while (this.acknowledged.length < from + more) {
      if (Date.now() > deadline) throw new Error(`no row could be written in ${String(seconds)} s`);
      await pause(every.look);
    }
  }

  /** Those that were acknowledged and are not in the database. */
  async lost(engine: TestEngine): Promise<string[]> {
    const acknowledged = [...this.acknowledged];
    const select =
      "MYSQL_PWD=$(cat $MYSQL_ROOT_PASSWORD_FILE) mysql -NB -u root -e \"SELECT name FROM mia_user_development.users WHERE name LIKE 'row %'\"";
    const rows = new Set((await engine.must("exec", "mia-dev-db", "sh", "-c", select)).split("\n"));
    return acknowledged.filter((name) => !rows.has(name));
  }

  private async write(): Promise<void> {
    while (!this.over) {
      const name = `row ${String(this.next++)}`;
      if (await this.isWritten(name)) this.acknowledged.push(name);
      else this.refused++;
      await pause(every.look);
    }
  }

  private async isWritten(name: string): Promise<boolean> {
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name, email: "row@example.org" }),
        signal: AbortSignal.timeout(10_000),
      });
      await response.text();
      return response.status === 201;
    } catch {
      return false;
    }
  }
}
