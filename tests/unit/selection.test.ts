import assert from "node:assert/strict";
import { backingOf, selectServices } from "../../platform/selection.ts";
import { wholeServices } from "../../platform/service.ts";

describe("The selection of services (mia:services)", () => {
  const catalogue = wholeServices(
    {
      user: { source: "services/user", uses: ["db", "rmq"] },
      catalog: { source: "services/catalog", uses: ["elastic", "rmq"] },
    },
    { shop: { source: "frontend/shop", product: "keep" } },
  );

  it("must be the whole catalogue where no service is named", () => {
    const selected = selectServices(catalogue, []);
    assert.deepEqual(selected, catalogue);
    assert.deepEqual([...backingOf(selected)], ["db", "rmq", "elastic"]);
  });

  it("must be the named services with the backing services that they use", () => {
    const selected = selectServices(catalogue, ["shop", "user"]);
    assert.deepEqual(Object.keys(selected), ["user", "shop"]);
    assert.deepEqual([...backingOf(selected)], ["db", "rmq"]);
  });

  it("must need no backing service for a front end alone", () => {
    assert.equal(backingOf(selectServices(catalogue, ["shop"])).size, 0);
  });
});
