import { OwnEngine } from "./own-engine.ts";

/** What mocha does after all files; its workers, which had an engine each, have ended by then. */
export async function mochaGlobalTeardown(): Promise<void> {
  await OwnEngine.removeShared();
}
