import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesOfPreview, changesOfTexts } from "../../review/changes.ts";
import { comment, marker, type Reviewed, wholeText } from "../../review/comment.ts";
import { brokenPolicies, policies } from "../../review/policies.ts";

/** The golden text as the recorder writes it. */
function golden(stack: string): string {
  const text = readFileSync(join(import.meta.dirname, "../golden", `${stack}.golden`), "utf8");
  return text.replaceAll("<hash>", "0123456789ab");
}
const dev = golden("dev");
const qa = golden("qa");

/** A text with one edit, which must be one. */
function edited(text: string, from: string | RegExp, to: string): string {
  const after = text.replace(from, to);
  assert.notEqual(after, text);
  return after;
}

/** A text without one of its resources. */
function without(text: string, resource: string): string {
  const blocks = text.split("\n\n").filter((block) => !block.startsWith(`${resource}\n`));
  assert.ok(blocks.join("\n\n") !== text);
  return blocks.join("\n\n");
}

describe("What two texts of a stack differ in", () => {
  it("is nothing where they are the same", () => {
    assert.deepEqual(changesOfTexts(qa, qa), []);
  });

  it("is an image that a container is made anew for", () => {
    assert.deepEqual(changesOfTexts(qa, edited(qa, 'image = "mia-catalog:0123456789ab"', 'image = "mia-catalog:b"')), [
      {
        operation: "replace",
        resource: "docker:index/container:Container::catalog",
        details: [
          {
            resource: "docker:index/container:Container::catalog",
            what: "image",
            before: ['"mia-catalog:0123456789ab"'],
            after: ['"mia-catalog:b"'],
          },
        ],
      },
    ]);
  });

  const operations = (before: string, after: string) =>
    changesOfTexts(before, after).map(({ operation, resource }) => `${operation} ${resource.split("::")[1] ?? ""}`);

  it("is what comes, what goes and what is changed in place", () => {
    assert.deepEqual(operations(without(dev, "docker:index/volume:Volume::data"), dev), ["create data"]);
    assert.deepEqual(operations(dev, without(dev, "docker:index/volume:Volume::data")), ["delete data"]);
    assert.deepEqual(
      operations(dev, edited(dev, "memory = 1280\n  memorySwap = 1280", "memory = 1\n  memorySwap = 1")),
      ["update elastic"],
    );
    assert.deepEqual(operations(dev, edited(dev, "stdin = CREATE USER", "stdin = CREATE A USER")), [
      "update catalog-db",
    ]);
  });
});

describe("What a preview would do", () => {
  const state = (type: string, inputs: Record<string, unknown>, custom = true) => ({ custom, type, inputs });
  const container = "docker:index/container:Container";
  const urn = (type: string, name: string) => `urn:pulumi:qa::mia::mia:platform:Service$${type}::${name}`;

  it("is told without components, providers, what stays and what the engine fills in", () => {
    const old = { image: "a:1", name: "a-1", __defaults: ["name"], envs: ["A=1", "B=2"] };
    const steps = [
      { op: "update", urn: urn("mia:platform:Images", "images"), newState: state("mia:platform:Images", {}, false) },
      { op: "update", urn: urn("pulumi:providers:docker", "p"), newState: state("pulumi:providers:docker", {}) },
      { op: "same", urn: urn(container, "same"), oldState: state(container, old), newState: state(container, old) },
      {
        op: "replace",
        urn: urn(container, "user"),
        oldState: state(container, old),
        newState: state(container, { ...old, image: "a:2", name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
      },
      { op: "create", urn: urn(container, "new"), newState: state(container, old) },
      { op: "delete", urn: urn(container, "gone"), oldState: state(container, old) },
    ];
    assert.deepEqual(changesOfPreview(steps), [
      {
        operation: "replace",
        resource: `${container}::user`,
        details: [{ resource: `${container}::user`, what: "image", before: ['"a:1"'], after: ['"a:2"'] }],
      },
      { operation: "create", resource: `${container}::new`, details: [] },
      { operation: "delete", resource: `${container}::gone`, details: [] },
    ]);
  });
});

describe("A comment", () => {
  const reviewed = (after: string): Reviewed[] => [
    { stack: "dev", source: "compared with abc", changes: [], broken: [] },
    { stack: "qa", source: "compared with abc", changes: changesOfTexts(qa, after), broken: [] },
  ];

  it("says what changes, stack by stack", () => {
    const after = edited(qa, 'image = "mia-catalog:0123456789ab"', 'image = "mia-catalog:b"');
    const text = `${marker}
### What this changes

**dev**: nothing. <sub>(compared with abc)</sub>

**qa**: 1 replaced. <sub>(compared with abc)</sub>

| | resource | what | before | after |
|---|---|---|---|---|
| ± replace | container \`catalog\` | image | \`"mia-catalog:0123456789ab"\` | \`"mia-catalog:b"\` |
`;
    assert.equal(wholeText(reviewed(after)), text);
    assert.equal(comment(reviewed(after), "elsewhere"), text);
  });

  it("lets nothing in a value break out of its cell", () => {
    const after = edited(qa, 'image = "mia-catalog:0123456789ab"', 'image = "`| @all\\n<b>"');
    const rows = comment(reviewed(after), "elsewhere").split("\n");
    assert.equal(
      rows.at(-2),
      '| ± replace | container `catalog` | image | `"mia-catalog:0123456789ab"` | `"\'\\| @all\\n<b>"` |',
    );
  });

  it("is cut below what GitHub takes, and says where the rest is", () => {
    const many = Array.from(
      { length: 4000 },
      (_, i) => `docker:index/container:Container::c${String(i)}\n  image = "ä"`,
    );
    const after = [qa.trimEnd(), ...many, ""].join("\n\n");
    const text = comment(reviewed(after), "all of it is elsewhere");
    assert.ok(Buffer.byteLength(text) < 64_000);
    assert.match(text, /\| … \| and \d+ more rows \| \| \| \|\n\nThis is not all of it: all of it is elsewhere\.\n$/);
    assert.equal(wholeText(reviewed(after)).match(/\+ create/g)?.length, 4000);
  });

  it("is cut too where a value is long", () => {
    const long = "x".repeat(100_000);
    const text = comment(reviewed(edited(qa, 'image = "mia-catalog:0123456789ab"', `image = "${long}"`)), "elsewhere");
    assert.ok(Buffer.byteLength(text) < 2000);
    assert.match(text, /x…` \|\n\nThis is not all of it: elsewhere\.\n$/);
  });

  it("says what is refused, and which policies are broken", () => {
    const text = wholeText([
      { stack: "dev", source: "", changes: { refusal: "Pulumi.dev.yaml: mia:kind: got x" }, broken: [] },
      { stack: "qa", source: "compared", changes: [], broken: ["keep-data: so it is"] },
    ]);
    assert.match(text, /\*\*dev\*\* ✘\n\n```\nPulumi.dev.yaml: mia:kind: got x\n```\n/);
    assert.match(text, /\*\*qa\*\*: nothing. <sub>\(compared\)<\/sub>\n\n- ✘ keep-data: so it is\n/);
  });
});

describe("The policies", () => {
  const all = Object.keys(policies) as (keyof typeof policies)[];

  it("all hold of dev and qa as they are", () => {
    for (const text of [dev, qa]) assert.deepEqual(brokenPolicies(all, text, text), []);
  });

  it("keep-data refuses that a protected volume goes, is made anew or loses its protection", () => {
    const broken = (after: string) => brokenPolicies(["keep-data"], dev, after);
    const fix =
      "Fix: keep it as it was, or let this pull request go without the policy keep-data where its data may go.";
    assert.deepEqual(broken(without(dev, "docker:index/volume:Volume::data")), [
      `keep-data: the data volume data would be deleted with all that is in it. ${fix}`,
    ]);
    assert.deepEqual(broken(edited(dev, 'name = "<platform>-data"', 'name = "<platform>-files"')), [
      `keep-data: the data volume data would be made anew, without what is in it, since its name changes. ${fix}`,
    ]);
    assert.deepEqual(broken(edited(dev, /(Volume::data\n.*\n.*\n {2}option protect = )true/, "$1false")), [
      `keep-data: the data volume data would lose its protection. ${fix}`,
    ]);
  });

  it("keep-data lets volumes go that are not protected", () => {
    assert.deepEqual(brokenPolicies(["keep-data"], qa, without(qa, "docker:index/volume:Volume::data")), []);
  });

  it("private-backends refuses a backend's port", () => {
    const after = edited(
      qa,
      'image = "memcached:1.6.38"',
      'image = "memcached:1.6.38"\n  ports = 0.0.0.0:11211 → 11211/tcp',
    );
    assert.deepEqual(brokenPolicies(["private-backends"], qa, after), [
      "private-backends: memcache publishes its port 11211/tcp at 0.0.0.0:11211, where others than the platform's services reach it. Fix: take it out of its ports in index.ts.",
    ]);
  });

  it("fixed-images refuses what may be another image tomorrow", () => {
    for (const image of ["memcached", "memcached:latest", "registry.example:5000/memcached"]) {
      const after = edited(qa, "memcached:1.6.38", image);
      assert.deepEqual(brokenPolicies(["fixed-images"], qa, after), [
        `fixed-images: memcache runs ${image}, which may be another image tomorrow. Fix: name its version.`,
      ]);
    }
    for (const image of [`memcached@sha256:${"a".repeat(64)}`, "registry.example:5000/memcached:1"]) {
      assert.deepEqual(brokenPolicies(["fixed-images"], qa, edited(qa, "memcached:1.6.38", image)), []);
    }
  });

  it("memory-limits refuses a container without one", () => {
    const after = edited(qa, /memory = 1280\n {2}/, "");
    assert.deepEqual(brokenPolicies(["memory-limits"], qa, after), [
      "memory-limits: elastic may take all of the machine's memory. Fix: give it a memoryMib.",
    ]);
  });
});
