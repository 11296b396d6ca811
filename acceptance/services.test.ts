import assert from "node:assert/strict";
import { stackOutputs } from "./outputs.ts";

const { statusUrl, images, replicas } = stackOutputs();

describe("The load balancer", () => {
  it("is well", async () => {
    const response = await fetch(`${statusUrl}/health`);
    assert.deepEqual([response.status, await response.text()], [200, "ok\n"]);
  });

  it("has every service of the stack, with as many instances as were asked for", async () => {
    const services = (await (await fetch(`${statusUrl}/services`)).json()) as { name: string; instances: object[] }[];
    const loaded = Object.fromEntries(services.map(({ name, instances }) => [name, instances.length]));
    assert.deepEqual(loaded, replicas);
    for (const name of Object.keys(loaded)) assert.ok(images[name], `${name} has an image`);
  });
});
