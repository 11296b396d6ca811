import { isLong } from "./random.ts";

/** Declares a test of the long suite; `npm test`, which forbids skipped tests, has another test of the same promise. */
export const itInLongSuite = isLong ? it : () => undefined;
