import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gemCredentials } from "../../delivery/bundler.ts";

describe("Credentials for private gems", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mia-bundler-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function credentials(...lines: string[]): string | undefined {
    const file = join(folder, "config");
    writeFileSync(file, `---\n${lines.join("\n")}\n`);
    return gemCredentials({ BUNDLE_USER_CONFIG: file });
  }

  it("are what Bundler's own file says of hosts and mirrors, and nothing else of it", () => {
    const hosts = [
      'BUNDLE_GEMS__EXAMPLE__COM: "ci:token"',
      'BUNDLE_GEM__FURY__IO: "token"',
      'BUNDLE_HTTPS://GEMS__EXAMPLE__COM:8443/: "ci:token"',
      'BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "https://ci:token@mirror.example"',
    ];
    const others = ['BUNDLE_PATH: "vendor"', 'BUNDLE_BUILD__MYSQL2: "--with-x"', 'BUNDLE_PATH__SYSTEM: "true"'];
    assert.equal(credentials(...others, ...hosts), `---\n${hosts.join("\n")}\n`);
  });

  it("are none where it says nothing of a host, or is not there", () => {
    assert.equal(credentials('BUNDLE_JOBS: "4"'), undefined);
    assert.equal(gemCredentials({ BUNDLE_USER_CONFIG: join(folder, "nothing") }), undefined);
  });
});
