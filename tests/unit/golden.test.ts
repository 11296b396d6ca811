import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "golden");

/** The stack as the program declares it, made on mocks: see support/record.ts. */
function record(stack: string): string {
  const script = join(import.meta.dirname, "support", "record.ts");
  return execFileSync(process.execPath, [script, stack], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

describe("The golden text", () => {
  for (const stack of ["dev", "qa"]) {
    it(`of ${stack} is what the program declares (UPDATE_GOLDEN=1 npm run check writes it anew)`, () => {
      const file = join(folder, `${stack}.golden`);
      const text = record(stack);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
});
