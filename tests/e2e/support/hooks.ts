import { OwnEngine } from "./own-engine.ts";

/** What mocha does around all files. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await OwnEngine.removeShared();
  },
};
