import assert from "node:assert/strict";
import { ConfigError } from "../../../platform/problem.ts";

/** The whole text in which a config is refused. */
export function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  assert.fail("nothing was refused");
}
