import { connect } from "node:net";

/** Whom to ask, and for what. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/**
 * Requests per second that are answered with 200. Each connection sends the next request when the last one is answered, and
 * is kept as long as the server keeps it. On bare sockets, since Node's client would be the slowest of all that is measured.
 */
export async function requestsPerSecond(target: Target, { connections = 32, seconds = 3 } = {}): Promise<number> {
  const count = { answered: 0, wrong: "" };
  const over = { now: false };
  const clients = Array.from({ length: connections }, () => client(target, count, over));
  // What is only done at first is not what is measured.
  await pause(500);
  count.answered = 0;
  const from = performance.now();
  await pause(seconds * 1000);
  const rate = count.answered / ((performance.now() - from) / 1000);
  over.now = true;
  await Promise.all(clients);
  if (count.wrong !== "") throw new Error(`${target.host}:${String(target.port)}${target.path}: ${count.wrong}`);
  return rate;
}

async function client(target: Target, count: { answered: number; wrong: string }, over: { now: boolean }) {
  while (!over.now && count.wrong === "") await connection(target, count, over);
}

/** One connection, until the server or the time ends it. */
function connection(
  { host, port, path }: Target,
  count: { answered: number; wrong: string },
  over: { now: boolean },
): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  return new Promise((done) => {
    const socket = connect(port, host, () => socket.write(request));
    let text = "";
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (!isWhole(text)) return;
      if (text.startsWith("HTTP/1.1 200")) count.answered++;
      else count.wrong = text.slice(0, 200);
      const isLast = /\r\nconnection: close/i.test(text.slice(0, text.indexOf("\r\n\r\n") + 2));
      text = "";
      if (over.now || isLast || count.wrong !== "") socket.end();
      else socket.write(request);
    });
    socket.on("error", (error) => {
      count.wrong = error.message;
    });
    socket.on("close", () => {
      done();
    });
  });
}

/** Whether an answer is there as a whole: by its length, or up to its last chunk. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end + 2))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + Number(length);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}
