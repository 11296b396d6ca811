/** What the suite knows of a stack: of its outputs, those that are about what users of the platform see. */
export interface Outputs {
  readonly lbUrl: string;
  readonly statusUrl: string;
  /** What runs, by part. */
  readonly images: Readonly<Record<string, string>>;
  /** How many instances there are, by service. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** The outputs of the stack that is to be accepted, as `pulumi stack output --json` says them. */
export function stackOutputs(): Outputs {
  const text = process.env["MIA_OUTPUTS"];
  if (text === undefined) {
    throw new Error("MIA_OUTPUTS is not set, which is to hold a stack's outputs: npm run accept -- --stack NAME");
  }
  return JSON.parse(text) as Outputs;
}
