import assert from "node:assert/strict";
import { deployMessage, rollbackMessage, versionBefore } from "../../toolchain/deployments.mjs";
import { changedParts, versionIn } from "../../toolchain/preview.mjs";

const [a, b, c] = ["aaaaaaaaaaaa", "978622e06562", "012345678901"];

/** An update as a stack's history has it. */
function update(message: string, result = "succeeded", kind = "update") {
  return { kind, result, message };
}

/** What of a history, told from its beginning, is the version before this one. */
function before(running: string, ...history: ReturnType<typeof update>[]): string | undefined {
  return versionBefore(history.toReversed(), "user", running);
}

describe("The version before", () => {
  const first = update(deployMessage("user", b, a));
  const second = update(deployMessage("user", c, b));

  it("is what the last deployment says that was", () => {
    assert.equal(before(b, update("Add a service"), first), a);
    assert.equal(before(c, first, second), b);
  });

  it("is one further back after each rollback, and in the end there is none", () => {
    const back = update(rollbackMessage("user", b, c));
    assert.equal(before(b, first, second, back), a);
    assert.equal(before(a, first, second, back, update(rollbackMessage("user", a, b))), undefined);
    assert.equal(before(c, first, second, back, second), b);
  });

  it("is not told by what failed, changed nothing, was about others, or was there before a destroy", () => {
    assert.equal(before(a, update(deployMessage("user", b, a), "failed")), undefined);
    assert.equal(before(b, first, update(deployMessage("user", b, b))), a);
    assert.equal(before(b, first, update(deployMessage("catalog", c, a)), update(rollbackMessage("catalog", a, c))), a);
    assert.equal(before(b, first, update("", "succeeded", "destroy"), update("")), undefined);
    assert.equal(before(a, update(`take back: ${deployMessage("user", b, a)}`)), undefined);
  });

  it("is not guessed where an `up` by another way has come in between", () => {
    assert.equal(before(c, first), undefined);
    assert.equal(before(a), undefined);
  });
});

describe("What a preview would change", () => {
  const root = "urn:pulumi:qa::mia::pulumi:pulumi:Stack::mia-qa";
  const service = (name: string) => `urn:pulumi:qa::mia::mia:platform:Service::${name}`;
  const component = (urn: string, op: string, inputs: object = {}) => {
    const state = { type: urn.split("::").at(-2) ?? "", custom: false, parent: root, inputs };
    return { op, urn, newState: state };
  };
  const container = (parent: string, name: string, op: string) => {
    const type = "docker:index/container:Container";
    const urn = `urn:pulumi:qa::mia::mia:platform:Service$${type}::${name}`;
    const state = { type, custom: true, parent };
    return op === "delete" ? { op, urn, oldState: state } : { op, urn, oldState: state, newState: state };
  };

  it("is said by the parts that it belongs to, but not of components and providers", () => {
    const steps = [
      { op: "same", urn: root, newState: { type: "pulumi:pulumi:Stack", custom: false } },
      component(service("user"), "update"),
      container(service("user"), "user", "create-replacement"),
      container(service("user"), "user-2", "replace"),
      component(service("catalog"), "same"),
      container(service("catalog"), "catalog", "same"),
      component(service("shop"), "delete"),
      container(service("shop"), "shop", "delete"),
      { op: "update", urn: "x::mia-docker", newState: { type: "pulumi:providers:docker", custom: true, parent: root } },
    ];
    assert.deepEqual(changedParts(steps), ["shop", "user"]);
    assert.deepEqual(changedParts(steps.filter(({ op }) => op === "same")), []);
  });

  it("has the version that a service's folder holds", () => {
    const images = { user: `registry.example:5000/team/mia-user:${b}` };
    const steps = [component("urn:pulumi:qa::mia::mia:platform:Images::images", "update", images)];
    assert.equal(versionIn(steps, "user"), b);
  });
});
