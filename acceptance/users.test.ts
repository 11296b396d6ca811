import assert from "node:assert/strict";
import { createUser, isCached, isFound, newName, type User } from "./flow.ts";
import { itWhere } from "./it-where.ts";
import { stackOutputs } from "./outputs.ts";

const { lbUrl } = stackOutputs();

/** One after the other: each goes on with what the one before it has made. */
describe("A user", () => {
  let user: User;

  itWhere(["user"], "is created, and answered with an id", async () => {
    const name = newName();
    user = await createUser(lbUrl, name);
    assert.equal(user.name, name);
    assert.ok(user.id > 0);
  });

  itWhere(["user"], "can be asked for by that id", async () => {
    const response = await fetch(`${lbUrl}/user/users/${String(user.id)}`);
    assert.deepEqual([response.status, await response.json()], [200, user]);
  });

  itWhere(["user", "catalog"], "is found in the catalog, by way of an event and the index", () => isFound(lbUrl, user));

  itWhere(["user", "catalog"], "is answered out of the cache when it is searched again", () => isCached(lbUrl, user));
});
