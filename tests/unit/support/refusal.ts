import assert from "node:assert/strict";
import { ConfigError } from "../../../platform/problem.ts";
import { SetupError } from "../../../toolchain/steps.mjs";

/** The whole text in which something is refused. */
export function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError || error instanceof SetupError, String(error));
    return error.message;
  }
  assert.fail("nothing was refused");
}
