import assert from "node:assert/strict";
import { itWhere } from "./it-where.ts";
import { stackOutputs } from "./outputs.ts";

const { lbUrl, replicas } = stackOutputs();

describe("What can't be done", () => {
  itWhere(["user"], "is a 422 with the reasons, by field, where a user is not valid", async () => {
    const response = await fetch(`${lbUrl}/user/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "", email: "nobody" }),
    });
    assert.equal(response.status, 422);
    const { errors } = (await response.json()) as { errors: Record<string, string[]> };
    assert.deepEqual(Object.keys(errors).sort(), ["email", "name"]);
    assert.deepEqual(errors["name"], ["can't be blank"]);
  });

  itWhere(["user"], "is a 404 that names what there is not, where a user is unknown", async () => {
    const response = await fetch(`${lbUrl}/user/users/999999999`);
    assert.deepEqual([response.status, await response.json()], [404, { error: "There is no user with id 999999999." }]);
  });

  itWhere(["catalog"], "is a 400 that says how to ask, where nothing is searched for", async () => {
    const response = await fetch(`${lbUrl}/catalog/search`);
    const answer = { error: "What to search for is missing: ?q=<name>." };
    assert.deepEqual([response.status, await response.json()], [400, answer]);
  });

  it("is a 503 that says which services there are, where there is no such service", async () => {
    const response = await fetch(`${lbUrl}/nobody/here`);
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), {
      error: "No healthy service answers here.",
      services: Object.keys(replicas).sort(),
    });
  });
});
