import assert from "node:assert/strict";
import { eventually } from "./command.ts";

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
  const response = await fetch(`${url}/catalog/search?q=${encodeURIComponent(query)}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Found;
}

/** Searches until somebody is found. */
export function found(url: string, query: string, seconds = 10): Promise<Found> {
  return searchUntil(url, query, ({ results }) => results.length > 0, seconds);
}

/** Searches until the answer is so: what the cache holds counts no more a moment after the index has changed. */
export function searchUntil(
  url: string,
  query: string,
  isIt: (answer: Found) => boolean,
  seconds = 10,
): Promise<Found> {
  return eventually(seconds, () => search(url, query), isIt);
}

/** A name that nobody has had before. */
export function newName(): string {
  return `Ann${Math.random().toString(36).slice(2)} Lee`;
}

/** The acceptance flow: create → event → index → search → cached search, and both front ends. */
export async function acceptance(url: string): Promise<void> {
  const { id, name } = await createUser(url, newName());
  assert.deepEqual((await found(url, name, 30)).results, [{ id, name }]);
  const again = await searchUntil(url, name, ({ cached }) => cached);
  assert.deepEqual(again.results, [{ id, name }]);
  for (const [front, title] of [
    ["keeplounge", "Keep Lounge"],
    ["keepwww", "Keep"],
  ]) {
    const response = await fetch(`${url}/${front ?? ""}/`);
    assert.equal(response.status, 200);
    assert.ok((await response.text()).includes(`<title>${title ?? ""}</title>`));
  }
}
