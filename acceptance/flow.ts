import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";

/** What the service `user` answers. */
export interface User {
  id: number;
  name: string;
}

/** What the service `catalog` answers. */
export interface Found {
  results: User[];
  cached: boolean;
}

/** Makes a user through the load balancer at `url`. */
export async function createUser(url: string, name: string): Promise<User> {
  const response = await fetch(`${url}/user/users`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, email: "somebody@example.org" }),
  });
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return JSON.parse(text) as User;
}

/** Searches the catalog through the load balancer at `url`. */
export async function search(url: string, query: string): Promise<Found> {
  const { status, text } = await askCatalog(url, query);
  assert.equal(status, 200, text);
  return JSON.parse(text) as Found;
}

async function askCatalog(url: string, query: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/catalog/search?q=${encodeURIComponent(query)}`);
  return { status: response.status, text: await response.text() };
}

/** Searches until somebody is found. */
export function found(url: string, query: string, seconds = 10): Promise<Found> {
  return searchUntil(url, query, ({ results }) => results.length > 0, seconds);
}

/**
 * Searches until the answer is right. The cache may hold an old answer for a moment after the index has changed, and a new
 * search engine may answer its first search too late, which the service reports as 503.
 */
export async function searchUntil(
  url: string,
  query: string,
  isIt: (answer: Found) => boolean,
  seconds = 10,
): Promise<Found> {
  const isRight = ({ status, text }: { status: number; text: string }) => {
    assert.ok(status === 200 || status === 503, `status ${String(status)}: ${text}`);
    return status === 200 && isIt(JSON.parse(text) as Found);
  };
  const { text } = await eventually(seconds, () => askCatalog(url, query), isRight);
  return JSON.parse(text) as Found;
}

/** A name that nobody has had before. */
export function newName(): string {
  return `Ann${Math.random().toString(36).slice(2)} Lee`;
}

/** That this user is found: by way of an event, the index, and `user`, who is asked for the details. */
export async function isFound(url: string, { id, name }: User): Promise<void> {
  assert.deepEqual((await found(url, name, 30)).results, [{ id, name }]);
}

/** That the same search is answered out of the cache, and in the same way. */
export async function isCached(url: string, { id, name }: User): Promise<void> {
  const again = await searchUntil(url, name, ({ cached }) => cached);
  assert.deepEqual(again.results, [{ id, name }]);
}

/** The front ends, and what each shows as its title. */
export const frontends = { keeplounge: "Keep Lounge", keepwww: "Keep" } as const;

/** That a front end shows itself. */
export async function isShown(url: string, name: keyof typeof frontends): Promise<void> {
  const response = await fetch(`${url}/${name}/`);
  assert.equal(response.status, 200);
  assert.ok((await response.text()).includes(`<title>${frontends[name]}</title>`));
}

/** The acceptance flow as a whole: create → event → index → search → cached search, and both front ends. */
export async function acceptance(url: string): Promise<void> {
  const user = await createUser(url, newName());
  await isFound(url, user);
  await isCached(url, user);
  await isShown(url, "keeplounge");
  await isShown(url, "keepwww");
}
