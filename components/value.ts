import type * as pulumi from "@pulumi/pulumi";
import { setImmediate } from "node:timers/promises";

/** An output's value. In an `up` it comes; in a preview it may never. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((done) => output.apply(done));
}

/** An output's value of a resource's own, or undefined where only an `up` will tell. */
export async function knownValueOf<T>(output: pulumi.Output<T>, resource: pulumi.Resource): Promise<T | undefined> {
  let value: T | undefined;
  output.apply((known) => {
    value = known;
  });
  // One that is not known yet never comes; the URN always does.
  await new Promise((done) => resource.urn.apply(done));
  await setImmediate();
  return value;
}
