import { setTimeout as sleep } from "node:timers/promises";
import { createUser, newName } from "../../acceptance/flow.ts";

/** Sends the first request of the acceptance flow until it is answered. */
export async function firstRequest(port: number): Promise<void> {
  await until(() => createUser(`http://127.0.0.1:${String(port)}`, newName()));
}

/** Asks a path until the answer is 200 and has these words in it. */
export async function answered(port: number, path: string, words = "", host = "127.0.0.1"): Promise<void> {
  await until(async () => {
    const response = await fetch(`http://${host}:${String(port)}${path}`, { signal: AbortSignal.timeout(2000) });
    const text = await response.text();
    if (response.status !== 200 || !text.includes(words)) throw new Error(`${String(response.status)} ${text}`);
  });
}

/** Tries, often, until it goes well. */
async function until(body: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    try {
      await body();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
