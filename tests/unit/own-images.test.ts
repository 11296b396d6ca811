import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownImages } from "../../delivery/own-images.ts";
import { nowhere, refused } from "../../delivery/refusal.ts";
import { frontends } from "../../platform/catalogue/frontends.ts";
import { microservices } from "../../platform/catalogue/microservices.ts";
import { wholeServices } from "../../platform/service.ts";
import { readStackFiles } from "../../platform/stack-file.ts";

const services = wholeServices(microservices, frontends);

function images(versions: Record<string, string>, delivery: "baked" | "mounted" = "baked") {
  return ownImages({ delivery, images: "", ownImages: "mia-", versions }, services, "linux/x86_64");
}

function parts(versions: Record<string, string>, delivery?: "mounted"): string[] {
  return images(versions, delivery).map(({ part }) => part);
}

function imageOf(part: string, versions: Record<string, string>) {
  return images(versions).find((image) => image.part === part) ?? assert.fail(part);
}

/** Another for each service. */
const past = Object.fromEntries(Object.keys(services).map((name, i) => [name, `00000000000${String(i)}`]));

describe("Images of our own", () => {
  it("are what a stack needs, each after those that it is made of", () => {
    const bases = ["init", "edge", "lb", "rails-microservice", "frontend"];
    assert.deepEqual(parts({}), [...bases, ...Object.keys(services)]);
    assert.deepEqual(parts({}, "mounted"), bases);
  });

  it("are taken in the versions that the config names, whatever folders hold, and need no base then", () => {
    const { name, onlyTaken } = imageOf("user", past);
    assert.deepEqual([name, onlyTaken], [`mia-user:${past["user"] ?? ""}`, true]);
    assert.deepEqual(parts(past), ["edge", "lb", ...Object.keys(services)]);
    const others = Object.fromEntries(Object.entries(past).filter(([name]) => name !== "catalog"));
    assert.deepEqual(parts(others), ["init", "edge", "lb", "rails-microservice", ...Object.keys(services)]);
    assert.equal(imageOf("catalog", others).onlyTaken, undefined);
  });

  it("can be built where the folder holds just that version", () => {
    const { name, ...rest } = imageOf("user", {});
    assert.deepEqual(imageOf("user", { ...past, user: name.replace("mia-user:", "") }), { name, ...rest });
  });

  it("that a registry refuses are one sentence, whichever image Docker has named", () => {
    const registry = { address: "127.0.0.1:5000" };
    const engine29 = (image: string) => [
      `Error response from daemon: failed to resolve reference "127.0.0.1:5000/${image}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
      `unexpected status from HEAD request to https://127.0.0.1:5000/v2/${image}/manifests/1: 503 Service Unavailable`,
      `Error response from daemon: failed to resolve reference "127.0.0.1:5000/${image}": failed to do request: Head "https://127.0.0.1:5000/v2/${image}/manifests/1": dial tcp 127.0.0.1:5000: connect: connection refused`,
    ];
    const sentences = ["mia-edge:1", "mia-lb:1"].flatMap(engine29).map((why) => refused(registry, "give", why));
    assert.deepEqual(
      [...new Set(sentences)],
      [
        "The registry 127.0.0.1:5000 refuses the credentials (Error response from daemon: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials): correct `docker login 127.0.0.1:5000`.",
        "The registry 127.0.0.1:5000 does not give images (unexpected status: 503 Service Unavailable): see its log, and whether a disk is full.",
        "The registry 127.0.0.1:5000 does not answer (Error response from daemon: dial tcp 127.0.0.1:5000: connect: connection refused): start it, or correct mia:registry.address.",
      ],
    );
  });

  it("that can be had nowhere are one sentence", () => {
    const image = imageOf("user", { user: "25833409863c" });
    assert.equal(
      nowhere(image, undefined),
      "mia-user:25833409863c is not on the engine, there is no registry to take it from, and services/rosi_user_service/ holds another version: deploy another, or `pulumi config rm --path mia:versions.user`.",
    );
    assert.match(
      nowhere(image, { address: "registry.example:5000" }),
      /^mia-user:25833409863c is neither on the engine nor in the registry registry\.example:5000, and /,
    );
  });
});

describe("A stack's file", () => {
  it("has versions as Pulumi writes them, also those that look like large numbers", () => {
    const folder = mkdtempSync(join(tmpdir(), "mia-stack-"));
    try {
      writeFileSync(join(folder, "Pulumi.yaml"), "name: mia\nconfig:\n  mia:versions:\n    default: {}\n");
      const versions = 'catalog: "123456e00012"\n    user: 978622e06562\n';
      writeFileSync(join(folder, "Pulumi.qa.yaml"), `config:\n  mia:versions:\n    ${versions}`);
      const { values } = readStackFiles(folder, "qa");
      assert.equal(values["mia:versions"], '{"catalog":"123456e00012","user":"978622e06562"}');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
