import { isLong } from "./random.ts";

/** Declares a test of the long suite; `npm test` has another test of the same promise. */
export const itInLongSuite = isLong ? it : it.skip;
