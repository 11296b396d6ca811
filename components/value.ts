import type * as pulumi from "@pulumi/pulumi";

/** An output's value. In an `up` it comes; in a preview it may never. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((done) => output.apply(done));
}
