import assert from "node:assert/strict";
import { files, read } from "./support/repository.ts";

/** The files below a folder (or all) in which something is found. */
function found(pattern: RegExp, where: RegExp): string[] {
  return files.filter((file) => where.test(file) && pattern.test(read(file)));
}

describe("The architecture", () => {
  it("keeps Pulumi out of platform/", () => {
    assert.deepEqual(found(/from "@pulumi\/|components\//, /^platform\//), []);
  });

  it("keeps the question where it runs out of components/", () => {
    assert.deepEqual(found(/getStack\(|environment\.kind|"(dev|qa)"/, /^components\//), [
      "components/stack-environment.ts",
    ]);
  });

  it("names the offline fallback nowhere outside toolchain/, but for one sentence of the README", () => {
    const outside = found(/toolchain\/offline/, /^(?!toolchain\/)(?!tests\/)(?!\.gitattributes)/);
    assert.deepEqual(outside, ["README.md"]);
    const lines = read("README.md").split("\n");
    assert.equal(lines.filter((line) => line.includes("toolchain/offline")).length, 1);
  });

  it("has only the npm scripts that do more than rename a command", () => {
    const { scripts } = JSON.parse(read("package.json")) as {
      scripts: Record<string, string>;
    };
    assert.deepEqual(
      Object.values(scripts).filter((script) => /^(pulumi|docker)\b/.test(script)),
      [],
    );
  });

  it("names no package registry in the lock file", () => {
    assert.deepEqual(found(/"resolved": "http/, /^package-lock\.json$/), []);
  });
});

describe("The offline equivalents", () => {
  it("are there for every image of the catalogue and of our own Dockerfiles, and for no other", () => {
    const catalogue = JSON.parse(read("platform/catalogue/images.json")) as Record<string, string>;
    const bases = files
      .filter((file) => file.endsWith("Dockerfile") && !file.startsWith("toolchain/"))
      .flatMap((file) => [...read(file).matchAll(/^FROM \$\{IMAGES\}([^\s$]+)/gm)].map((match) => match[1]));
    const { equivalents } = JSON.parse(read("toolchain/offline/images/equivalents.json")) as {
      equivalents: { image: string }[];
    };
    assert.deepEqual(
      equivalents.map(({ image }) => image).sort(),
      [...new Set([...Object.values(catalogue), ...bases])].sort(),
    );
  });
});
