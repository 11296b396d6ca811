import { type Address, type Answer, docker } from "./docker.ts";

/** Who asks, and for which container. */
interface Question {
  readonly id: string;
  readonly done: (answer: Answer) => void;
}

const questions = new WeakMap<Address, Question[]>();

/**
 * What `docker inspect` shows of a container's state, as JSON. Those who ask while an earlier question is on its way are
 * answered together: each docker command costs more than what it asks.
 */
export function stateOf(id: string, address: Address): Promise<Answer> {
  return new Promise((done) => {
    const waiting = questions.get(address);
    waiting?.push({ id, done });
    if (waiting !== undefined) return;
    const first = [{ id, done }];
    questions.set(address, first);
    void answerAll(address, first);
  });
}

async function answerAll(address: Address, asked: Question[]): Promise<void> {
  // With those who ask at the same moment.
  await new Promise((resume) => setImmediate(resume));
  while (asked.length > 0) {
    const now = asked.splice(0);
    const format = "{{.Id}} {{json .State}}";
    const ids = [...new Set(now.map(({ id }) => id))];
    const answer = await docker(address, "container", "inspect", "--format", format, ...ids);
    const states = new Map(
      answer.stdout.split("\n").map((line): [string, string] => [line.slice(0, 64), line.slice(65)]),
    );
    for (const { id, done } of now) {
      const stdout = states.get(id);
      // Of several, it says of the last one alone why not.
      if (stdout !== undefined) done({ ok: true, stdout, why: "" });
      else void docker(address, "container", "inspect", "--format", "{{json .State}}", id).then(done);
    }
  }
  questions.delete(address);
}
