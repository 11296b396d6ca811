import assert from "node:assert/strict";
import { checkPlatform } from "../../platform/check.ts";
import { readEnvironment } from "../../platform/config.ts";
import { wholeServices } from "../../platform/service.ts";
import { refusalOf } from "./support/refusal.ts";

const valid = {
  "mia:machine": '{"driver":"local"}',
  "mia:images": "",
  "mia:registry": "{}",
  "mia:services": "[]",
  "mia:replicas": "{}",
  "mia:versions": "{}",
  "mia:discard": "[]",
  "mia:kind": "development",
  "mia:mode": "",
  "mia:publishAddress": "127.0.0.1",
  "mia:serviceAddress": "",
  "mia:httpPort": "80",
  "mia:statusPort": "8181",
  "mia:consulPort": "8500",
  "mia:consulServerPort": "8300",
  "mia:consulDnsPort": "8600",
  "mia:rmqManagementPort": "15672",
};

const entry = { source: "services/user", uses: [] };
const services = wholeServices({ user: entry, "user-2": entry }, {});

function read(values: Record<string, string>, defaultImages?: string) {
  const environment = readEnvironment({ project: "mia", stack: "dev", values: { ...valid, ...values }, defaultImages });
  checkPlatform(environment, services);
  return environment;
}

/** The whole text of the refusal. */
function refusal(values: Record<string, string>): string {
  return refusalOf(() => read(values));
}

describe("A stack's config", () => {
  it("becomes one complete environment", () => {
    assert.deepEqual(read({}), {
      delivery: "mounted",
      keepsData: true,
      mode: "development",
      project: "mia",
      platform: "mia-dev",
      kind: "development",
      source: "Pulumi.dev.yaml",
      machine: { driver: "local" },
      images: "",
      ownImages: "mia-",
      services: [],
      replicas: {},
      versions: {},
      discard: [],
      publishAddress: "127.0.0.1",
      serviceAddress: "",
      ports: { http: 80, status: 8181, consul: 8500, consulServer: 8300, consulDns: 8600, rmqManagement: 15672 },
    });
  });

  it("knows what a kind of environment means", () => {
    const { kind, delivery, keepsData, mode } = read({ "mia:kind": "qa" });
    assert.deepEqual(
      { kind, delivery, keepsData, mode },
      { kind: "qa", delivery: "baked", keepsData: false, mode: "production" },
    );
  });

  it("takes the surroundings' images only where it names none itself", () => {
    assert.equal(read({}, "127.0.0.1:5000/own/").images, "127.0.0.1:5000/own/");
    assert.equal(read({ "mia:images": "registry.example/a/" }, "127.0.0.1:5000/own/").images, "registry.example/a/");
  });

  it("may leave ports unpublished that nothing here needs", () => {
    const none = { "mia:consulServerPort": "0", "mia:consulDnsPort": "0", "mia:rmqManagementPort": "0" };
    const { consulServer, consulDns, rmqManagement } = read(none).ports;
    assert.deepEqual([consulServer, consulDns, rmqManagement], [0, 0, 0]);
  });

  it("runs services as the kind says, unless it names a mode", () => {
    const modes = [{}, { "mia:kind": "qa" }, { "mia:kind": "qa", "mia:mode": "staging" }].map(
      (values) => read(values).mode,
    );
    assert.deepEqual(modes, ["development", "production", "staging"]);
  });

  it("takes a version of decimal digits alone as Pulumi writes it, without quotes", () => {
    const { versions } = read({ "mia:kind": "qa", "mia:versions": '{"user":123456789012,"user-2":"978622e06562"}' });
    assert.deepEqual(versions, { user: "123456789012", "user-2": "978622e06562" });
  });

  it("takes a machine's id of decimal digits alone as Pulumi writes it, without quotes", () => {
    const { machine } = read({ "mia:kind": "qa", "mia:machine": '{"driver":"docker-machine","replace":61535980}' });
    assert.equal(machine.driver === "docker-machine" && machine.replace, "61535980");
  });

  it("leaves those that an `up` needs to the machine where they are 0", () => {
    const { http, status, consul } = read({ "mia:httpPort": "0", "mia:statusPort": "0", "mia:consulPort": "0" }).ports;
    assert.deepEqual([http, status, consul], ["free", "free", "free"]);
  });

  it("names images of our own by the registry, where there is one", () => {
    assert.deepEqual([read({}).ownImages, read({}).registry], ["mia-", undefined]);
    const { ownImages, registry } = read({ "mia:registry": '{"address":"registry.example:5000/team"}' });
    assert.equal(ownImages, "registry.example:5000/team/mia-");
    assert.deepEqual(registry, { address: "registry.example:5000/team" });
    const secret = '{"address":"localhost","user":"ci","password":"x"}';
    assert.deepEqual(read({ "mia:registry": secret }).registry, {
      address: "localhost",
      login: { user: "ci", password: "x" },
    });
  });

  it("ignores what belongs to others, such as a provider", () => {
    assert.equal(read({ "docker:host": "unix:///x", "pulumi:tags": "{}" }).platform, "mia-dev");
  });

  const sentences: [string, string, string][] = [
    [
      "httpPort",
      "65536",
      "Pulumi.dev.yaml: mia:httpPort: got 65536, need 1..65535, or 0 for a free one. Fix: pulumi config set mia:httpPort 80",
    ],
    [
      "statusPort",
      "8o81",
      'Pulumi.dev.yaml: mia:statusPort: got "8o81", need an integer. Fix: pulumi config set mia:statusPort 8181',
    ],
    [
      "consulPort",
      "-1",
      "Pulumi.dev.yaml: mia:consulPort: got -1, need 1..65535, or 0 for a free one. Fix: pulumi config set mia:consulPort 8500",
    ],
    [
      "consulDnsPort",
      "-1",
      "Pulumi.dev.yaml: mia:consulDnsPort: got -1, need 1..65535, or 0 for none. Fix: pulumi config set mia:consulDnsPort 8600",
    ],
    [
      "rmqManagementPort",
      "65536",
      "Pulumi.dev.yaml: mia:rmqManagementPort: got 65536, need 1..65535, or 0 for none. Fix: pulumi config set mia:rmqManagementPort 15672",
    ],
    [
      "mode",
      "Staging",
      'Pulumi.dev.yaml: mia:mode: got "Staging", need a word of up to 20 small letters, digits and _, such as staging, or nothing. Fix: pulumi config set mia:mode staging',
    ],
    [
      "registry",
      '{"address":"team/mia"}',
      'Pulumi.dev.yaml: mia:registry.address: got "team/mia", need a registry\'s host, with its port and path, such as registry.example:5000/team. Fix: pulumi config set --path mia:registry.address registry.example:5000',
    ],
    [
      "registry",
      '{"user":"ci","password":"top secret"}',
      "Pulumi.dev.yaml: mia:registry.address: got nothing, need a registry's host, with its port and path, such as registry.example:5000/team. Fix: pulumi config set --path mia:registry.address registry.example:5000",
    ],
    [
      "registry",
      '{"address":"registry.example","user":"ci"}',
      "Pulumi.dev.yaml: mia:registry.password: got nothing, need one, since there is a user. Fix: pulumi config set --secret --path mia:registry.password",
    ],
    [
      "registry",
      '{"address":"registry.example","password":"top secret"}',
      "Pulumi.dev.yaml: mia:registry.user: got nothing, need a name, since there is a password. Fix: pulumi config set --path mia:registry.user ci",
    ],
    [
      "registry",
      '{"address":"registry.example","user":"ci","password":12345}',
      "Pulumi.dev.yaml: mia:registry.password: got something else, which may be a secret, need a text. Fix: pulumi config set --secret --path mia:registry.password",
    ],
    [
      "registry",
      '{"adress":"registry.example"}',
      "Pulumi.dev.yaml: mia:registry.adress: got a key that does not exist. Fix: pulumi config rm --path mia:registry.adress",
    ],
    [
      "publishAddress",
      "localhost",
      'Pulumi.dev.yaml: mia:publishAddress: got "localhost", need an IPv4 address such as 127.0.0.1, or nothing. Fix: pulumi config set mia:publishAddress 127.0.0.1',
    ],
    [
      "kind",
      "dev",
      'Pulumi.dev.yaml: mia:kind: got "dev", need development or qa. Fix: pulumi config set mia:kind development',
    ],
    [
      "serviceAddress",
      "10.0.2.256",
      'Pulumi.dev.yaml: mia:serviceAddress: got "10.0.2.256", need an IPv4 address of the machine such as 172.17.0.1, or nothing. Fix: pulumi config set mia:serviceAddress 172.17.0.1',
    ],
    [
      "serviceAddress",
      "127.0.0.1",
      'Pulumi.dev.yaml: mia:serviceAddress: got "127.0.0.1", need an IPv4 address of the machine such as 172.17.0.1, or nothing. Fix: pulumi config set mia:serviceAddress 172.17.0.1',
    ],
    [
      "images",
      "registry.example",
      'Pulumi.dev.yaml: mia:images: got "registry.example", need a registry and path that ends with a slash, or nothing. Fix: pulumi config set mia:images registry.example/mirror/',
    ],
    [
      "machine",
      "local",
      'Pulumi.dev.yaml: mia:machine: got "local", need an object such as {driver: local}. Fix: pulumi config set --path mia:machine.driver local',
    ],
    [
      "machine",
      "[]",
      'Pulumi.dev.yaml: mia:machine: got "[]", need an object such as {driver: local}. Fix: pulumi config set --path mia:machine.driver local',
    ],
    [
      "machine",
      '{"driver":"virtualbox"}',
      'Pulumi.dev.yaml: mia:machine.driver: got "virtualbox", need local, context, ssh or docker-machine. Fix: pulumi config set --path mia:machine.driver local',
    ],
    [
      "machine",
      '{"driver":"local","memory":4096}',
      "Pulumi.dev.yaml: mia:machine.memory: got a key that does not exist. Fix: pulumi config rm --path mia:machine.memory",
    ],
    [
      "machine",
      '{"driver":"context"}',
      "Pulumi.dev.yaml: mia:machine.name: got nothing, need a docker context's name, such as colima. Fix: pulumi config set --path mia:machine.name mia",
    ],
    [
      "machine",
      '{"driver":"ssh","address":"ssh://root@host"}',
      'Pulumi.dev.yaml: mia:machine.address: got "ssh://root@host", need user@host or user@host:port. Fix: pulumi config set --path mia:machine.address root@host.example',
    ],
    [
      "machine",
      '{"driver":"docker-machine","memoryMib":512}',
      "Pulumi.dev.yaml: mia:machine.memoryMib: got 512, need 1024..1048576 (MiB). Fix: pulumi config set --path mia:machine.memoryMib 4096",
    ],
    [
      "machine",
      '{"driver":"docker-machine","diskMib":"32 GB"}',
      'Pulumi.dev.yaml: mia:machine.diskMib: got "32 GB", need 4096..16777216 (MiB). Fix: pulumi config set --path mia:machine.diskMib 32000',
    ],
    [
      "machine",
      '{"driver":"docker-machine","name":"a b"}',
      'Pulumi.dev.yaml: mia:machine.name: got "a b", need a name of letters, digits, - and dots. Fix: pulumi config set --path mia:machine.name mia',
    ],
    [
      "machine",
      '{"driver":"docker-machine","options":{"generic-ssh-port":null}}',
      "Pulumi.dev.yaml: mia:machine.options.generic-ssh-port: got something else, which may be a secret, need a text, a number, true, false or a list of texts. Fix: pulumi config set --path mia:machine.options.generic-ssh-port value",
    ],
    [
      "machine",
      '{"driver":"docker-machine","secrets":{"TOKEN":7}}',
      "Pulumi.dev.yaml: mia:machine.secrets.TOKEN: got something else, which may be a secret, need a text. Fix: pulumi config set --secret --path mia:machine.secrets.TOKEN",
    ],
    [
      "machine",
      '{"driver":"docker-machine","options":{"virtualbox-memory":4096}}',
      "Pulumi.dev.yaml: mia:machine.options.virtualbox-memory: got a flag, need mia:machine.memoryMib. Fix: pulumi config rm --path mia:machine.options.virtualbox-memory",
    ],
    [
      "machine",
      '{"driver":"docker-machine","options":{"digitalocean-access-token":"x"}}',
      "Pulumi.dev.yaml: mia:machine.options.digitalocean-access-token: got a flag, which every process list shows, need its environment variable in mia:machine.secrets. Fix: pulumi config rm --path mia:machine.options.digitalocean-access-token",
    ],
    [
      "services",
      "user",
      "Pulumi.dev.yaml: mia:services: got \"user\", need a list of services such as [user]. Fix: pulumi config set --path 'mia:services[0]' user",
    ],
    [
      "services",
      '{"user":true}',
      "Pulumi.dev.yaml: mia:services: got {\"user\":true}, need a list of services such as [user]. Fix: pulumi config set --path 'mia:services[0]' user",
    ],
    [
      "services",
      '["user", ""]',
      "Pulumi.dev.yaml: mia:services[1]: got \"\", need a list of services such as [user]. Fix: pulumi config set --path 'mia:services[0]' user",
    ],
    [
      "services",
      '["order"]',
      "Pulumi.dev.yaml: mia:services[0]: got \"order\", a service that does not exist, need one of user, user-2. Fix: pulumi config rm --path 'mia:services[0]'",
    ],
    [
      "replicas",
      "2",
      "Pulumi.dev.yaml: mia:replicas: got 2, need an object such as {user: 2}. Fix: pulumi config set --path mia:replicas.user 2",
    ],
    [
      "replicas",
      '{"user":0}',
      "Pulumi.dev.yaml: mia:replicas.user: got 0, need 1..50. Fix: pulumi config set --path mia:replicas.user 2",
    ],
    [
      "replicas",
      '{"catalog":51}',
      "Pulumi.dev.yaml: mia:replicas.catalog: got 51, need 1..50. Fix: pulumi config set --path mia:replicas.catalog 2",
    ],
    [
      "replicas",
      '{"user":3}',
      "platform/catalogue: user-2: got the name of an instance of user, need another name. Fix: rename it, or pulumi config set --path mia:replicas.user 1",
    ],
    [
      "replicas",
      '{"toString":2}',
      "Pulumi.dev.yaml: mia:replicas.toString: got a service that does not exist, need user, user-2. Fix: pulumi config rm --path mia:replicas.toString",
    ],
    [
      "replicas",
      '{"order":2}',
      "Pulumi.dev.yaml: mia:replicas.order: got a service that does not exist, need user, user-2. Fix: pulumi config rm --path mia:replicas.order",
    ],
    [
      "versions",
      '"25833409863c"',
      'Pulumi.dev.yaml: mia:versions: got "25833409863c", need an object such as {user: 25833409863c}. Fix: pulumi config set --path mia:versions.user 25833409863c',
    ],
    [
      "versions",
      '{"user":"latest"}',
      'Pulumi.dev.yaml: mia:versions.user: got "latest", need an image\'s tag, 12 digits of 0-9 and a-f, such as 25833409863c. Fix: pulumi config set --path mia:versions.user 25833409863c',
    ],
    [
      "versions",
      '{"user":["25833409863c"]}',
      'Pulumi.dev.yaml: mia:versions.user: got ["25833409863c"], need an image\'s tag, 12 digits of 0-9 and a-f, such as 25833409863c. Fix: pulumi config set --path mia:versions.user 25833409863c',
    ],
    [
      "versions",
      '{"user":"25833409863c"}',
      "Pulumi.dev.yaml: mia:versions: got user, need none, since the kind development runs the folders as they are. Fix: pulumi config rm mia:versions",
    ],
    [
      "discard",
      '{"data":true}',
      "Pulumi.dev.yaml: mia:discard: got {\"data\":true}, need a list of volumes as a refusal names them, such as mia-qa-data@2026-11-26T21:13:31Z. Fix: pulumi config set --path 'mia:discard[0]' mia-qa-data@2026-11-26T21:13:31Z",
    ],
    [
      "discard",
      '["data"]',
      "Pulumi.dev.yaml: mia:discard[0]: got \"data\", need a list of volumes as a refusal names them, such as mia-qa-data@2026-11-26T21:13:31Z. Fix: pulumi config set --path 'mia:discard[0]' mia-qa-data@2026-11-26T21:13:31Z",
    ],
    ["htpPort", "80", "Pulumi.dev.yaml: mia:htpPort: got a key that does not exist. Fix: pulumi config rm mia:htpPort"],
    [
      "statusPort",
      "80",
      "Pulumi.dev.yaml: mia:statusPort: got 80, which is mia:httpPort too, need a port of its own. Fix: pulumi config set mia:statusPort 8080",
    ],
  ];
  for (const [key, value, sentence] of sentences) {
    it(`refuses mia:${key} = ${value} in one sentence`, () => {
      assert.equal(refusal({ [`mia:${key}`]: value }), sentence);
    });
  }

  it("refuses the version of a service that does not exist", () => {
    assert.equal(
      refusal({ "mia:kind": "qa", "mia:versions": '{"order":"25833409863c"}' }),
      "Pulumi.dev.yaml: mia:versions.order: got a service that does not exist, need user, user-2. Fix: pulumi config rm --path mia:versions.order",
    );
  });

  it("refuses to mount folders on a machine that has none of them", () => {
    const words = (which: string) =>
      `Pulumi.dev.yaml: mia:kind: got development, which mounts folders of this computer, and a machine of ${which} has none of them, need qa. Fix: pulumi config set mia:kind qa`;
    assert.equal(refusal({ "mia:machine": '{"driver":"ssh","address":"root@host"}' }), words("driver ssh"));
    const cloud = '{"driver":"docker-machine","machineDriver":"generic","cpus":2}';
    assert.equal(
      refusal({ "mia:machine": cloud }),
      `${words("docker-machine's driver generic")}\nPulumi.dev.yaml: mia:machine.cpus: got a key that docker-machine's driver generic has not, need its own flag in mia:machine.options. Fix: pulumi config rm --path mia:machine.cpus`,
    );
  });

  it("names a value that is missing", () => {
    const values = Object.fromEntries(Object.entries(valid).filter(([key]) => key !== "mia:httpPort"));
    assert.throws(() => readEnvironment({ project: "mia", stack: "qa", values }), {
      message: "Pulumi.qa.yaml: mia:httpPort: got nothing, need a value. Fix: pulumi config set mia:httpPort 80",
    });
  });

  it("says so when it is the surroundings' images that are wrong", () => {
    assert.throws(() => read({}, "registry.example"), {
      message:
        'the environment variable MIA_IMAGES: got "registry.example", need a registry and path that ends with a slash, or nothing. Fix: unset MIA_IMAGES, or end it with a slash',
    });
  });

  it("names all problems at once", () => {
    const lines = refusal({ "mia:httpPort": "-1", "mia:publishAddress": "::1", "mia:color": "red" }).split("\n");
    assert.deepEqual(
      lines.map((line) => /mia:\w+/.exec(line)?.[0]),
      ["mia:publishAddress", "mia:httpPort", "mia:color"],
    );
  });

  it("names all unknown keys at once, also those of an object", () => {
    const registry = '{"adress":"registry.example","usr":"ci"}';
    const lines = refusal({ "mia:htpPort": "80", "mia:registry": registry, "mia:toString": "1" }).split("\n");
    assert.deepEqual(
      lines.map((line) => /mia:[\w.]+/.exec(line)?.[0]),
      ["mia:registry.adress", "mia:registry.usr", "mia:htpPort", "mia:toString"],
    );
  });
});
