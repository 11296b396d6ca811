// Requires: pulumi, engine, syft.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Clone } from "./support/clone.ts";
import type { Ended } from "./support/command.ts";
import { figures } from "./support/figures.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { commandSeconds } from "../support/limits.ts";

interface Bill {
  readonly spdxVersion: string;
  readonly name: string;
  readonly packages: readonly {
    readonly name: string;
    readonly versionInfo?: string;
    readonly externalRefs?: readonly { readonly referenceLocator: string }[];
  }[];
}

describe("`npm run sbom`", () => {
  let engine: OwnEngine;
  let clone: Clone;
  const bills = new Map<string, Bill>();

  /** Where this machine has built or downloaded syft, another user of it has. */
  function sbom(...args: string[]): Promise<Ended> {
    const cache = { XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "", ".cache") };
    return clone.run("npm", ["run", "--silent", "sbom", "--", ...args], cache, commandSeconds.setUp);
  }

  before(async () => {
    engine = await OwnEngine.shared();
    clone = await Clone.make({ dockerHost: engine.host });
    const ended = await sbom("user", "lb");
    assert.equal(ended.code, 0, ended.output);
    const folder = join(clone.folder, ".mia/sbom");
    for (const name of readdirSync(folder)) {
      bills.set(name, JSON.parse(readFileSync(join(folder, name), "utf8")) as Bill);
    }
  });

  after(async () => {
    const counted = [...bills].map(([name, { packages }]) => {
      const of = (type: string) =>
        packages.filter(({ externalRefs = [] }) =>
          externalRefs.some(({ referenceLocator }) => referenceLocator.startsWith(`pkg:${type}/`)),
        ).length;
      return [name.replace(".spdx.json", ""), ...["deb", "apk", "gem", "npm", "golang"].map(of)];
    });
    figures("sbom", [["packages in the image of", "deb", "apk", "gem", "npm", "Go module"], ...counted]);
    clone.remove();
    await engine.clear();
  });

  it("writes a file of SPDX for each image that is asked for", () => {
    assert.deepEqual([...bills.keys()].sort(), ["lb.spdx.json", "user.spdx.json"]);
    for (const [file, { spdxVersion, name }] of bills) {
      assert.match(spdxVersion, /^SPDX-2\.\d$/);
      assert.equal(name, `mia-${file.replace(".spdx.json", "")}`);
    }
  });

  it("finds Rails in the image of a service, at the version of its lock, and nginx in the load balancer's", () => {
    const has = (part: string, name: RegExp) =>
      bills
        .get(`${part}.spdx.json`)
        ?.packages.filter((one) => name.test(one.name))
        .map(({ versionInfo = "" }) => versionInfo) ?? [];
    const lock = readFileSync(join(clone.folder, "services/rosi_user_service/Gemfile.lock"), "utf8");
    const version = /^ {4}railties \(([\d.]+)\)/m.exec(lock)?.[1];
    assert.ok(version !== undefined);
    assert.ok(has("user", /^railties$/).includes(version), String(has("user", /rail/)));
    assert.ok(
      has("lb", /^nginx/).length > 0,
      JSON.stringify(bills.get("lb.spdx.json")?.packages.map(({ name }) => name)),
    );
    assert.deepEqual([...new Set(has("lb", /hashicorp\/consul-template$/))], ["v0.41.1"]);
  });

  it("refuses a part that has no image of its own, in one sentence", async () => {
    const { code, output } = await sbom("db");
    assert.equal(code, 1);
    assert.match(output, /✘ There is no image of db; there are edge, lb, user, catalog, keeplounge, keepwww\.\n$/);
  });
});

describe("`npm run versions`", () => {
  it("says of each image what its registry has, with the digest of what is pinned", async function () {
    const prefix = process.env["MIA_IMAGES"] ?? "";
    const clone = await Clone.make({});
    try {
      const ended = await clone.run("npm", ["run", "--silent", "versions"]);
      assert.equal(ended.code, 0, ended.output);
      const rows = ended.stdout.trim().split("\n");
      assert.match(rows[0] ?? "", /^KIND +NAME +PINNED +NEWEST$/);
      for (const kind of ["npm", "image", "Go", "gem", "action"])
        assert.ok(
          rows.some((row) => row.startsWith(`${kind} `)),
          kind,
        );
      const { db } = JSON.parse(readFileSync(join(clone.folder, "platform/catalogue/images.json"), "utf8")) as {
        db: string;
      };
      const [name = "", tag = ""] = db.split(":");
      const row = rows.find((one) => one.startsWith(`image `) && one.includes(` ${name} `)) ?? "";
      assert.ok(row.includes(` ${tag} `), ended.stdout);
      // The engine's own word for it.
      const engine = await clone.run("sh", [
        "-c",
        `docker pull --quiet "$0" > /dev/null; docker image inspect --format '{{json .RepoDigests}}' "$0"`,
        `${prefix}${db}`,
      ]);
      const digest = /sha256:[0-9a-f]{64}$/.exec(row)?.[0];
      assert.ok(digest !== undefined && engine.stdout.includes(digest), `${row}\n${engine.output}`);
    } finally {
      clone.remove();
    }
  });
});
