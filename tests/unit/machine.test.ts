import assert from "node:assert/strict";
import { changes } from "../../components/machine/docker-machine/changes.ts";
import { wayOut } from "../../components/machine/docker-machine/ways-out.ts";
import { takenNames } from "../../components/machine/taken-names.ts";
import { createFlags, type DockerMachineSettings } from "../../platform/machine.ts";

const article: DockerMachineSettings = {
  driver: "docker-machine",
  name: "mia",
  machineDriver: "virtualbox",
  options: {},
  secrets: {},
  binary: "docker-machine",
};

describe("A docker-machine's command line", () => {
  it("is the article's, with a range of addresses that VirtualBox allows", () => {
    assert.equal(
      createFlags(article, undefined).join(" "),
      "-d virtualbox --virtualbox-memory 4096 --virtualbox-disk-size 32000 --virtualbox-hostonly-cidr 192.168.59.1/24",
    );
  });

  it("shares a folder where code is mounted", () => {
    assert.deepEqual(createFlags(article, { folder: "/a clone", path: "/mia" }).slice(-2), [
      "--virtualbox-share-folder",
      "/a clone:mia",
    ]);
  });

  it("has sizes and options as they are said, and of another driver nothing else", () => {
    const sized = { ...article, memoryMib: 2048, cpus: 2, options: { "virtualbox-hostonly-cidr": "192.168.60.1/24" } };
    assert.equal(
      createFlags(sized, undefined).join(" "),
      "-d virtualbox --virtualbox-memory 2048 --virtualbox-disk-size 32000 --virtualbox-cpu-count 2 --virtualbox-hostonly-cidr 192.168.60.1/24",
    );
    const options = {
      "generic-ip-address": "192.0.2.1",
      "engine-label": ["a=1", "b=2"],
      "tls-verify": true,
      swarm: false,
    };
    assert.equal(
      createFlags({ ...article, machineDriver: "generic", options }, undefined).join(" "),
      "-d generic --generic-ip-address 192.0.2.1 --engine-label a=1 --engine-label b=2 --tls-verify --swarm=false",
    );
  });
});

describe("A machine that could not be made", () => {
  it("names the way out of what this computer's VirtualBox or processor refuses", () => {
    const said = [
      `with pre-create check: "This computer doesn't have VT-X/AMD-v enabled. Enabling it in the BIOS is mandatory"`,
      "Error setting up host only network on machine start: … Code E_ACCESSDENIED (0x80070005) - Access denied",
      "Unable to verify the Docker daemon is listening: Maximum number of retries (10) exceeded",
      "ssh command error: … E: Unable to locate package curl",
    ];
    assert.deepEqual(
      said.map((why) => wayOut(why, "see its log.")),
      [
        "enable it in the BIOS; where it is and is only not seen, set mia:machine.options.virtualbox-no-vtx-check to true.",
        "name a range that VirtualBox allows in mia:machine.options.virtualbox-hostonly-cidr, or allow this one in /etc/vbox/networks.conf.",
        "see its log.",
        "the host has no Docker and can't install it: install it there, or give it a network.",
      ],
    );
  });

  it("is not resized: what it was made with is named beside what it is to be", () => {
    const was = ["-d", "virtualbox", "--virtualbox-memory", "4096", "--engine-label", "a", "--tls"];
    const is = [
      "-d",
      "virtualbox",
      "--virtualbox-memory",
      "8192",
      "--engine-label",
      "a",
      "--virtualbox-cpu-count",
      "2",
    ];
    assert.equal(
      changes(was, is),
      "--virtualbox-memory 8192 (it was made with 4096), no --tls, which it was made with, --virtualbox-cpu-count 2 (it was made without)",
    );
  });
});

describe("A name on the engine", () => {
  const place = { platform: "mia-dev", source: "Pulumi.dev.yaml" };
  const declared = [
    { kind: "network", name: "mia-dev" },
    { kind: "volume", name: "mia-dev-data" },
    { kind: "container", name: "mia-dev-db" },
  ] as const;
  const taken = (stack: string, id?: string) =>
    takenNames(place, declared, [...declared.map((one) => ({ ...one, stack })), foreign], id).map(({ got }) => got);
  const foreign = { kind: "volume", name: "mia-dev-db", stack: "" } as const;

  it("is the stack's own, or one of another kind, and is not in its way", () => {
    assert.deepEqual(taken("its-id", "its-id"), []);
    assert.deepEqual(takenNames(place, declared, [foreign], "its-id"), []);
  });

  it("is somebody else's, as all are before the stack has an id: all of them are said at once", () => {
    const all =
      "names that are on the engine already, and not this stack's (container mia-dev-db, network mia-dev, volume mia-dev-data)";
    assert.deepEqual(taken("another-id", "its-id"), [all]);
    assert.deepEqual(taken("", "its-id"), [all]);
    assert.deepEqual(taken("another-id"), [all]);
  });
});
