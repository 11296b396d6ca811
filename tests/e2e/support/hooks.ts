import { OwnEngine } from "./own-engine.ts";

/** What mocha does around all files. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(120_000); // an engine ends with all of its containers
    await OwnEngine.removeShared();
  },
};
