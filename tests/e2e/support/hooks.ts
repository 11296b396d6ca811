import { OwnEngine } from "./own-engine.ts";

/** What mocha does around all files. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(120_000);
    await OwnEngine.removeShared();
  },
};
