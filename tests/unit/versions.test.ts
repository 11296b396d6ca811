import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { figures } from "../e2e/support/figures.ts";
import { exists, files, read } from "./support/repository.ts";

/** Every match of a pattern's first group in the files of a name, with the file. */
function all(where: RegExp, pattern: RegExp): [string, string][] {
  return files
    .filter((file) => where.test(file))
    .flatMap((file) => [...read(file).matchAll(pattern)].map(([, match = ""]): [string, string] => [file, match]));
}

const exact = /^v?\d+\.\d+\.\d+$/;

describe("The versions", () => {
  const counted: [string, number][] = [];

  after(() => {
    figures("versions", [["pinned", "how many"], ...counted]);
  });

  it("of npm's packages are exact, and the lock has a hash of each", () => {
    const manifests = files.filter((file) => basename(file) === "package.json");
    for (const file of manifests) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as Record<
        "dependencies" | "devDependencies",
        Record<string, string> | undefined
      >;
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
        assert.match(version, exact, `${file}: ${name}`);
    }
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { version?: string; integrity?: string; inBundle?: boolean }>;
    };
    const locked = Object.entries(packages).filter(([name]) => name !== "");
    for (const [name, { version = "", integrity, inBundle }] of locked) {
      assert.match(version, /^\d+\.\d+\.\d+/, name);
      // What a package brings in itself is in that package's hash.
      if (inBundle !== true) assert.match(String(integrity), /^sha512-/, name);
    }
    counted.push(["npm packages, by version and hash", locked.length]);
  });

  it("of images are tags with whole versions, wherever one is named", () => {
    const catalogue = Object.values(JSON.parse(read("platform/catalogue/images.json")) as Record<string, string>);
    const froms = all(/(^|\/)Dockerfile$/, /^FROM (?:--\S+ )?(\S+)/gm);
    const named = froms
      .map(([, image]) => image)
      .filter((image) => !/^(scratch|\$\{(BASE|INIT|DEBIAN)\})$/.test(image));
    const defaults = all(/(^|\/)Dockerfile$/, /^ARG \w+=(.+)$/gm).map(([, image]) => image);
    // Where a registry gives digests, each can be pinned by its own, too.
    const upstream = named.filter((image) => image.startsWith("${IMAGES}"));
    assert.ok(upstream.length >= 6);
    for (const image of upstream) {
      const name = /([a-z-]+):/.exec(image)?.[1]?.toUpperCase().replace("-", "_") ?? image;
      assert.ok(image.endsWith(`\${${name}_DIGEST}`), image);
    }
    const images = [...new Set([...catalogue, ...named.map((image) => image.replace(/\$\{\w+\}/g, "")), ...defaults])];
    assert.ok(images.length > 8);
    for (const image of images) assert.match(image, /^[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    const latest = files.filter((file) => /^(platform|lb|edge|images|toolchain|services|frontend)\//.test(file));
    assert.deepEqual(
      latest.filter((file) => /:latest\b/.test(read(file))),
      [],
    );
    counted.push(["images, by tag", images.length]);
  });

  it("of actions and of what workflows run are commits and whole versions", () => {
    const actions = all(/^\.github\/workflows\//, /uses: (\S+)/g);
    for (const [file, action] of actions) assert.match(action, /@[0-9a-f]{40}$/, file);
    for (const [file, version] of all(/^\.github\/workflows\//, /node-version: (\S+)/g))
      assert.match(version, exact, file);
    const tools = all(/^\.github\/workflows\//, /go run \S+@(\S+)/g);
    for (const [file, version] of tools) assert.match(version, exact, file);
    counted.push(["actions, by commit", new Set(actions.map(([, action]) => action)).size]);
  });

  it("of Go modules are whole, and a go.sum has a hash of each", () => {
    const modules = files.filter((file) => basename(file) === "go.mod");
    const required = all(/(^|\/)go\.mod$/, /^(?:require |\t)([^\s(]+ v\S+)/gm);
    // A release, or a commit where a module has none.
    for (const [file, requirement] of required) {
      const [, version = ""] = requirement.split(" ");
      assert.match(version, /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+incompatible)?$/, `${file}: ${requirement}`);
      // A module that stands in for another is part of the one above it.
      const folders = dirname(file)
        .split("/")
        .map((_, i, steps) => steps.slice(0, i + 1).join("/"));
      assert.ok(
        folders.some((folder) => exists(join(folder, "go.sum"))),
        file,
      );
    }
    const hashes = new Set(all(/(^|\/)go\.sum$/, /^(\S+ v\S+?) h1:/gm).map(([, sum]) => sum));
    assert.ok(modules.length > 5 && hashes.size > 100);
    counted.push(["Go modules, by version and hash", hashes.size]);
  });

  it("of gems are whole in a lock beside each Gemfile", () => {
    const gemfiles = files.filter((file) => basename(file) === "Gemfile");
    for (const file of gemfiles) assert.ok(exists(`${file}.lock`), file);
    const gems = all(/(^|\/)Gemfile\.lock$/, /^ {4}(\S+ \(.+\))$/gm);
    for (const [file, gem] of gems) assert.match(gem, /^\S+ \(\d+(\.\d+)*(\.[a-z]+\d*)?(-[\w-]+)?\)$/, file);
    counted.push(["gems, by version", new Set(gems.map(([, gem]) => gem)).size]);
  });

  it("of tools that the set-up brings are whole, and the same from each place", () => {
    const tools = all(/^toolchain\/(docker-machine|syft|node|pulumi)\.mjs$/, /version(?: =|:) "([^"]+)"/g);
    assert.ok(tools.length >= 3);
    for (const [file, version] of tools) assert.match(version, exact, file);
    const [, syft] = tools.find(([file]) => file === "toolchain/syft.mjs") ?? [];
    assert.ok(read("toolchain/offline/go/syft/go.mod").includes(`github.com/anchore/syft v${String(syft)}\n`));
    const npm = all(/equivalents\.json$/, /"npm": \[(.*)\]/g).flatMap(([, list]) => list.split(", "));
    for (const one of npm) assert.match(one, /@\d+\.\d+\.\d+"$/);
    counted.push(["tools of the set-up, by version", tools.length]);
  });
});
