import assert from "node:assert/strict";
import { basename } from "node:path";
import { files, read } from "./support/repository.ts";

const table = read("tests/PROMISES.md");
/** The tests that the table names, as `file: beginning of the title`. */
const named = table
  .split("\n")
  .filter((line) => /^\| (?!promise|---)/.test(line))
  .flatMap((line) => line.split(" | ")[1]?.replace(/ \|$/, "").split("<br>") ?? []);

/** The titles of a file's tests, without backticks, as its source has them. */
function titlesOf(file: string): string[] {
  return [...read(file).matchAll(/\bit\(\s*(["'`])(.+?)(?<!\\)\1/gs)].map(([, , title = ""]) =>
    title.replaceAll(/\\?`/g, ""),
  );
}

describe("The table of promises", () => {
  it("must name tests that exist", () => {
    assert.ok(named.length > 50);
    for (const test of named) {
      const [, file = "", title = ""] = /^([a-z-]+): (.+)$/.exec(test) ?? [];
      const titles = titlesOf(`tests/e2e/${file}.test.ts`);
      assert.ok(
        titles.some((one) => one.startsWith(title)),
        `${test}\n${titles.join("\n")}`,
      );
    }
  });

  it("must name a test of each file, so that none goes unnoticed", () => {
    const without = files
      .filter((file) => /^tests\/e2e\/[^/]+\.test\.ts$/.test(file))
      .map((file) => basename(file, ".test.ts"))
      .filter((file) => !named.some((test) => test.startsWith(`${file}: `)));
    assert.deepEqual(without, []);
  });
});
