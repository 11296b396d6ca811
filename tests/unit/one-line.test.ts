import assert from "node:assert/strict";
import { oneLine } from "../../components/one-line.ts";

describe("Output in a sentence", () => {
  it("must be on one line", () => {
    assert.equal(oneLine("403 Forbidden Output: <html>\r\n<head>\n"), "403 Forbidden Output: <html> <head>");
    assert.equal(oneLine(" \n"), "");
  });

  it("must be cut after 300 characters", () => {
    assert.equal(oneLine("a".repeat(300)), "a".repeat(300));
    assert.equal(oneLine("a".repeat(301)), `${"a".repeat(299)}…`);
  });
});
