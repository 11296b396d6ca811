import assert from "node:assert/strict";
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
