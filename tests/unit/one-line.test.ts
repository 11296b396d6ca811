import assert from "node:assert/strict";
import { oneLine, quoted } from "../../platform/one-line.ts";

describe("Output in a sentence", () => {
  it("must be on one line", () => {
    assert.equal(oneLine("403 Forbidden Output: <html>\r\n<head>\n"), "403 Forbidden Output: <html> <head>");
    assert.equal(oneLine(" \n"), "");
  });

  it("must be cut after 300 characters where it may be long", () => {
    assert.equal(quoted("a".repeat(300)), "a".repeat(300));
    assert.equal(quoted("a".repeat(301)), `${"a".repeat(299)}…`);
  });
});
