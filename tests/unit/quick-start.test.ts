import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** What a program prints that begins as ours do. */
function run(lines: string): string {
  // As Pulumi does before it loads the program.
  const hooks = `await (await import("@pulumi/pulumi/runtime/closure/v8Hooks.js")).isInitializedAsync();`;
  const program = `${hooks}\nawait import("./components/quick-start.ts");\n${lines}`;
  return execFileSync("node", ["--input-type=module", "--eval", program], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  }).trim();
}

const loaded = `Object.keys((await import("node:module")).createRequire(${JSON.stringify(`${root}/`)}).cache)`;

describe("A quick start", () => {
  it("loads neither a compiler nor what installs packages, nor what runs Pulumi", () => {
    const heavy = "/node_modules.(typescript|pacote|execa)./";
    assert.equal(
      run(`await import("@pulumi/pulumi"); console.log(${loaded}.filter((one) => ${heavy}.test(one)).length)`),
      "0",
    );
  });

  it("leaves the SDK whole", () => {
    const text = run(`const pulumi = await import("@pulumi/pulumi");
      const known = 41;
      const { text } = await pulumi.runtime.serializeFunction(() => known + 1);
      console.log(text.includes("known: 41"), typeof pulumi.automation.LocalWorkspace.createStack);`);
    assert.equal(text, "true function");
  });

  it("keeps the right line of a file in what an error says", () => {
    const stack = run(`const { Machine } = await import("./components/machine/machine.ts");
      try { new Machine("m", {}); } catch (error) { console.log(error.stack); }`);
    assert.match(stack, /components\/machine\/machine\.ts:\d+:\d+/);
  });

  it("shows an edited file at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "mia-edited-"));
    try {
      const said = [1, 2].map((value) => {
        writeFileSync(join(folder, "edited.mts"), `export const value: number = ${String(value)};\n`);
        return run(`console.log((await import(${JSON.stringify(join(folder, "edited.mts"))})).value)`);
      });
      assert.deepEqual(said, ["1", "2"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
