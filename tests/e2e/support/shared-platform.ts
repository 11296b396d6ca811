import assert from "node:assert/strict";
import { join } from "node:path";
import { within } from "../../support/limits.ts";
import { Clone } from "./clone.ts";
import { eventually, succeed } from "./command.ts";
import { OwnEngine } from "./own-engine.ts";
import { parts, withoutSuffix } from "./parts.ts";

/** A user that the machine does not know: the owner of the folders, as whom the services run in dev. */
export const developer = 4321;

/**
 * The dev platform that the files of a lane share: the first file brings it up, each file restores what it changed, and the
 * first file that needs the engine for itself removes it.
 */
export class SharedPlatform {
  private static current: Promise<SharedPlatform> | undefined;
  readonly engine: OwnEngine;
  readonly clone: Clone;
  /** What the `up --diff` that created it printed: every input of every resource. */
  firstUp = "";

  private constructor(engine: OwnEngine, clone: Clone) {
    this.engine = engine;
    this.clone = clone;
  }

  /** Returns the platform of this lane, as it is after an `up` of a fresh clone. */
  static get(): Promise<SharedPlatform> {
    SharedPlatform.current ??= SharedPlatform.start();
    return SharedPlatform.current;
  }

  private static async start(): Promise<SharedPlatform> {
    const engine = await OwnEngine.shared();
    const clone = await Clone.make({ dockerHost: engine.host });
    const platform = new SharedPlatform(engine, clone);
    OwnEngine.lendTo(() => platform.remove());
    await platform.ownFolders();
    await clone.mustPulumi("stack", "select", "dev", "--create");
    platform.firstUp = (await clone.mustPulumi("up", "--yes", "--skip-preview", "--diff")).output;
    return platform;
  }

  /**
   * Undoes what a file has changed: its edits and config, its other stacks' files, and what it stopped. Verifies afterwards
   * that the whole platform runs and that a preview has nothing to change.
   */
  async restore(): Promise<void> {
    const { clone } = this;
    await clone.git("checkout", "--quiet", ".");
    await clone.git("clean", "--quiet", "--force", "-d");
    await this.ownFolders();
    const unchanged = await clone.pulumi("preview", "--expect-no-changes");
    if (unchanged.code !== 0 || unchanged.output.includes("is stopped")) {
      await clone.mustPulumi("up", "--yes", "--skip-preview");
      await clone.mustPulumi("preview", "--expect-no-changes");
    }
    await eventually(within.start, () => this.engine.isWell(), Boolean);
    const containers = (await this.engine.remains()).filter((what) => what.startsWith("container "));
    assert.deepEqual(
      containers.map(withoutSuffix).sort(),
      parts.map((part) => `container mia-dev-${part}`),
    );
  }

  /** The clone's own folder is root's, who runs the tests; what is below may be read by the developer and nobody else. */
  private async ownFolders(): Promise<void> {
    const options = { cwd: "/", env: process.env };
    const folders = ["services", "frontend"].map((folder) => join(this.clone.folder, folder));
    await succeed("chown", ["-R", `${String(developer)}:${String(developer)}`, ...folders], options);
    await succeed("chmod", ["-R", "go-rwx", ...folders], options);
  }

  private async remove(): Promise<void> {
    SharedPlatform.current = undefined;
    this.clone.remove();
    await this.engine.clear();
  }
}
