import { Agent, request } from "node:http";
import { isLong } from "./random.ts";
import { every } from "../../support/limits.ts";
import { pause } from "../../support/pause.ts";

/** A request with its one right answer. */
export interface Kind {
  readonly method: "GET" | "POST";
  /** It may be another one at each turn. */
  readonly path: string | ((turn: number) => string);
  readonly body?: string;
  readonly status: number;
  /** What the answer's body has in it. */
  readonly words: string;
}

/** catalog asks user, unless it has been asked the same before; a user of that name has to be there. */
export const uncachedSearch: Kind = {
  method: "GET",
  path: (turn) => `/catalog/search?q=constant${"+".repeat(1 + (turn % 500))}load`,
  status: 200,
  words: '"name":"constant load"',
};

/** Takes two seconds, by a route that the test has given to user. */
export const slow: Kind = { method: "GET", path: "/user/slow", status: 200, words: "slow" };

/**
 * The pause of a client after each answer, in milliseconds: eight clients that send without a pause take half of both cores,
 * and slow what they are to meet. The long suite sends without a pause.
 */
export const pace = isLong ? 0 : 200;

/** What a load has seen since it was asked last. */
export interface Seen {
  readonly sent: number;
  /** What was not answered as it should, in words, each with how often. */
  readonly failed: Record<string, number>;
  /** How many these are in all. */
  readonly failures: number;
  /** The longest time without a right answer, in seconds. */
  readonly gap: number;
  /** The longest that an answer took, in seconds, also a wrong one. */
  readonly slowest: number;
}

/**
 * Constant load on a port of this machine: each client sends one request after the other, half of them on connections
 * that are kept. Where there is something that takes long, one sends it every other time.
 */
export class Load {
  private readonly clients: Promise<void>[];
  private readonly port: number;
  private over = false;
  private sent = 0;
  private failed: Record<string, number> = {};
  private answered = Date.now();
  private gap = 0;
  private slowest = 0;
  /** When the last one failed that ever did, in milliseconds; 0 where none did. */
  failedLast = 0;
  private readonly pause: number;

  /** Each client waits so many milliseconds after an answer. */
  constructor(port: number, kinds: readonly Kind[], slow?: Kind, clients = 8, pause = 0) {
    this.port = port;
    this.pause = pause;
    const mixed = slow === undefined ? kinds : kinds.flatMap((kind) => [kind, slow]);
    this.clients = Array.from({ length: clients }, (_, i) => this.client(i, i === 0 ? mixed : kinds));
  }

  /** How it went since the last call, once at least so many more requests were sent. */
  async seen(atLeast = 0): Promise<Seen> {
    while (this.sent < atLeast) await pause(every.look);
    const { sent, failed, gap, slowest } = this;
    this.sent = 0;
    this.failed = {};
    this.gap = 0;
    this.slowest = 0;
    const failures = Object.values(failed).reduce((a, b) => a + b, 0);
    return { sent, failed, failures, gap: gap / 1000, slowest: slowest / 1000 };
  }

  /** Ends it, once what was sent is answered. */
  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.clients);
  }

  private async client(index: number, kinds: readonly Kind[]): Promise<void> {
    const agent = new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 });
    for (let turn = index; !this.over; turn++) {
      const kind = kinds[turn % kinds.length];
      if (kind === undefined) return;
      const path = typeof kind.path === "string" ? kind.path : kind.path(turn);
      const from = Date.now();
      const wrong = await this.send(kind, path, agent);
      this.sent++;
      this.slowest = Math.max(this.slowest, Date.now() - from);
      if (wrong === undefined) {
        this.gap = Math.max(this.gap, Date.now() - this.answered);
        this.answered = Date.now();
      } else {
        const words = `${kind.method} ${path}: ${wrong}`;
        this.failed[words] = (this.failed[words] ?? 0) + 1;
        this.failedLast = Date.now();
      }
      if (this.pause > 0) await pause(this.pause / 1000);
    }
    agent.destroy();
  }

  /** Says what was wrong with the answer, if anything. */
  private send({ method, body, status, words }: Kind, path: string, agent: Agent): Promise<string | undefined> {
    return new Promise((done) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const sent = request({ host: "127.0.0.1", port: this.port, method, path, agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", (error) => {
          done(error.message);
        });
        response.on("end", () => {
          const right = response.statusCode === status && text.includes(words);
          done(right ? undefined : `${String(response.statusCode)} ${text.slice(0, 100)}`);
        });
      });
      sent.setTimeout(20_000, () => sent.destroy(new Error("no answer in 20 s")));
      sent.on("error", (error: NodeJS.ErrnoException) => {
        done(`${error.code ?? error.message}${sent.reusedSocket ? " (kept connection)" : ""}`);
      });
      sent.end(body);
    });
  }
}
