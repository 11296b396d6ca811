import assert from "node:assert/strict";
import { portKey } from "../../platform/environment.ts";
import { certifiedNames, readRegistryPlace } from "../../platform/registry.ts";
import { refusalOf } from "./support/refusal.ts";

const valid = {
  "mia-registry:images": "",
  "mia-registry:publishAddress": "127.0.0.1",
  "mia-registry:port": "5000",
};

function read(values: Record<string, string>, defaultImages?: string) {
  return readRegistryPlace({
    project: "mia-registry",
    stack: "shared",
    values: { ...valid, ...values },
    defaultImages,
  });
}

function refusal(values: Record<string, string>): string {
  return refusalOf(() => read(values));
}

describe("A registry's config", () => {
  it("becomes one complete place", () => {
    assert.deepEqual(read({}), {
      project: "mia-registry",
      platform: "mia-registry-shared",
      source: "registry/Pulumi.shared.yaml",
      images: "",
      publishAddress: "127.0.0.1",
      serviceAddress: "",
      ports: { registry: 5000 },
    });
  });

  it("takes the surroundings' images only where it names none itself", () => {
    assert.equal(read({}, "registry.example/own/").images, "registry.example/own/");
    assert.equal(
      read({ "mia-registry:images": "registry.example/a/" }, "registry.example/own/").images,
      "registry.example/a/",
    );
  });

  it("leaves the port to the machine where it is 0", () => {
    assert.deepEqual(read({ "mia-registry:port": "0" }).ports, { registry: "free" });
  });

  it("has the port under the one key that it has, as messages say", () => {
    assert.equal(portKey({ ...read({}), ports: { registry: 5000 } }, "registry"), "mia-registry:port");
    assert.equal(portKey({ ...read({}), project: "mia", ports: { http: 80, consul: 8500 } }, "http"), "mia:httpPort");
  });

  const sentences: [string, string, string][] = [
    [
      "port",
      "-1",
      "got -1, need 1..65535, or 0 for a free one. Fix: pulumi -C registry config set mia-registry:port 5000",
    ],
    [
      "port",
      "65536",
      "got 65536, need 1..65535, or 0 for a free one. Fix: pulumi -C registry config set mia-registry:port 5000",
    ],
    ["port", "5ooo", 'got "5ooo", need an integer. Fix: pulumi -C registry config set mia-registry:port 5000'],
    [
      "publishAddress",
      "registry.example",
      'got "registry.example", need an IPv4 address such as 127.0.0.1. Fix: pulumi -C registry config set mia-registry:publishAddress 127.0.0.1',
    ],
    [
      "publishAddress",
      "0.0.0.0",
      'got "0.0.0.0", need the one address by which clients reach it. Fix: pulumi -C registry config set mia-registry:publishAddress 127.0.0.1',
    ],
    [
      "images",
      "registry.example",
      'got "registry.example", need a registry and path that ends with a slash, or nothing. Fix: pulumi -C registry config set mia-registry:images registry.example/mirror/',
    ],
    ["color", "red", "got a key that does not exist. Fix: pulumi config rm mia-registry:color"],
  ];
  for (const [key, value, sentence] of sentences) {
    it(`refuses mia-registry:${key} = ${value} in one sentence`, () => {
      assert.equal(
        refusal({ [`mia-registry:${key}`]: value }),
        `registry/Pulumi.shared.yaml: mia-registry:${key}: ${sentence}`,
      );
    });
  }

  it("names all problems at once", () => {
    const text = refusal({
      "mia-registry:port": "x",
      "mia-registry:publishAddress": "::1",
      "mia-registry:color": "red",
    });
    assert.deepEqual(
      text.split("\n").map((line) => /mia-registry:\w+/.exec(line)?.[0]),
      ["mia-registry:publishAddress", "mia-registry:port", "mia-registry:color"],
    );
  });
});

describe("A registry's certificate", () => {
  const platform = "mia-registry-shared";

  it("is for this computer, and for its container's names", () => {
    assert.deepEqual(certifiedNames("registry", { platform, publishAddress: "127.0.0.1" }), {
      dnsNames: ["localhost", "registry", "mia-registry-shared-registry"],
      ipAddresses: ["127.0.0.1"],
    });
  });

  it("is for the address that others use, too", () => {
    const { ipAddresses } = certifiedNames("registry", { platform, publishAddress: "10.0.2.15" });
    assert.deepEqual(ipAddresses, ["127.0.0.1", "10.0.2.15"]);
  });
});
