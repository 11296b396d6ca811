import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { differenceTable } from "./support/difference.ts";

const folder = join(import.meta.dirname, "..", "golden");

/** The stack as the program declares it, made on mocks, without hashes: an edited service is no other platform. */
function record(args: string[]): string {
  const script = join(import.meta.dirname, "../../review/record.ts");
  const text = execFileSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return text.replaceAll(/(?<=[:=])[0-9a-f]{12}(?="|$)/gm, "<hash>");
}

describe("The golden text", function () {
  this.timeout(60_000); // on a busy machine
  for (const [name, ...args] of [
    ["dev", "dev"],
    ["qa", "qa"],
    ["registry", "shared", "registry"],
  ]) {
    it(`of ${name ?? ""} is what the program declares (UPDATE_GOLDEN=1 npm run check writes it anew)`, () => {
      const file = join(folder, `${name ?? ""}.golden`);
      const text = record(args);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }

  it("of both makes the table of their difference in the README (likewise)", () => {
    const readme = join(import.meta.dirname, "../../README.md");
    const texts = ["dev", "qa"].map((stack) => readFileSync(join(folder, `${stack}.golden`), "utf8"));
    const table = differenceTable(["dev", "qa"], [texts[0] ?? "", texts[1] ?? ""]);
    const place = /(?<=<!-- begin: dev and qa -->\n\n).*(?=\n\n<!-- end -->)/s;
    const before = readFileSync(readme, "utf8");
    if (process.env["UPDATE_GOLDEN"] === "1")
      writeFileSync(
        readme,
        before.replace(place, () => table),
      );
    assert.equal(place.exec(readFileSync(readme, "utf8"))?.[0], table);
  });
});
