import assert from "node:assert/strict";
import * as fc from "fast-check";
import { balance, nameOf } from "../runner/lanes.ts";
import { requirementsOf, unitsOf } from "../runner/requirements.ts";
import { type FileTime, secondsIn, table } from "../runner/table.ts";
import { Stopwatch, stopwatchOf, stopwatches } from "../support/times.ts";
import { files, read } from "./support/repository.ts";

const e2e = files.filter((file) => /^tests\/e2e\/[^/]+\.test\.ts$/.test(file));

describe("The runner of the end-to-end tests", () => {
  it("must find known requirements in each file", () => {
    assert.ok(e2e.length > 20);
    for (const file of e2e) assert.ok(requirementsOf(file).length > 0, file);
  });

  it("must find each requirement where a file uses what it provides", () => {
    const uses = { engine: /OwnEngine\.|TestEngine/, machines: /MachineHost\.|VirtualBox\./, browser: /startBrowser/ };
    for (const file of e2e) {
      const [text, required] = [read(file), requirementsOf(file)];
      for (const [requirement, pattern] of Object.entries(uses))
        if (pattern.test(text)) assert.ok(required.includes(requirement as "engine"), `${file}: ${requirement}`);
    }
  });

  it("must keep files together that share a platform or VirtualBox's network", () => {
    const units = unitsOf(e2e);
    assert.deepEqual(units.flat().sort(), [...e2e].sort());
    for (const what of ["shared-platform", "virtualbox"] as const) {
      const sharing = e2e.filter((file) => requirementsOf(file).includes(what));
      assert.ok(sharing.length > 1, what);
      assert.ok(units.some((unit) => unit.join() === sharing.join()));
    }
  });

  it("must give each file to one lane, and no lane more than one file longer than the mean", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 40 });
    const property = fc.property(lengths, fc.integer({ min: 1, max: 4 }), (seconds, count) => {
      const names = seconds.map((_, i) => `tests/e2e/${String(i)}.test.ts`);
      const known = new Map(seconds.map((length, i) => [String(i), length]));
      const units = names.map((name) => [name]);
      const lanes = balance(units, known, count);
      assert.deepEqual(lanes.flat().sort(), [...names].sort());
      const total = (lane: string[]) => lane.reduce((sum, file) => sum + (known.get(nameOf(file)) ?? 0), 0);
      const mean = total(names) / count;
      for (const lane of lanes) assert.ok(total(lane) <= mean + Math.max(...seconds));
    });
    fc.assert(property);
  });

  it("must read back from its table how long each file took", () => {
    const spent = { ups: 2, upSeconds: 40.4, destroys: 1, destroySeconds: 9.6, waitSeconds: 3 };
    const times: FileTime[] = [
      { name: "qa", lane: "lane-2", seconds: 20, ...spent },
      { name: "zero-downtime", lane: "lane-1", seconds: 312.4, ...spent },
    ];
    const text = table(times);
    assert.deepEqual(
      [...secondsIn(text)],
      [
        ["zero-downtime", 312],
        ["qa", 20],
      ],
    );
    assert.match(text, /^\| total +\| lane-1 +\| +312 \| +2 \| +40 \| +1 \| +10 \| +3 \|$/m);
  });

  it("must tell an up and a destroy from other commands", () => {
    assert.equal(stopwatchOf("pulumi", ["up", "--yes"]), stopwatches.up);
    assert.equal(stopwatchOf("node", ["toolchain/mia.mjs", "down", "--volumes"]), stopwatches.destroy);
    assert.equal(stopwatchOf("pulumi", ["destroy", "--stack", "qa"]), stopwatches.destroy);
    assert.equal(stopwatchOf("pulumi", ["preview"]), undefined);
    assert.equal(stopwatchOf("docker", ["compose", "up"]), undefined);
  });

  it("must count the seconds of overlapping measurements once", async () => {
    const watch = new Stopwatch();
    const pause = () => new Promise((resume) => setTimeout(resume, 30));
    await Promise.all([watch.during(pause), watch.during(pause), watch.during(pause)]);
    assert.equal(watch.count, 3);
    assert.ok(watch.seconds > 0 && watch.seconds < 0.09, String(watch.seconds));
  });
});
