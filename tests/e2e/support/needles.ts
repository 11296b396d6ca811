import { readFileSync } from "node:fs";
import { command } from "./command.ts";

/** What is searched for, by a name that may be shown. */
export type Needles = ReadonlyMap<string, string>;

/** Every secret of a stack, of what `pulumi stack export --show-secrets` prints, by its resource's name and its own. */
export function secretsOf(exported: string): Map<string, string> {
  const found = new Map<string, string>();
  const { deployment } = JSON.parse(exported) as { deployment: { resources: Resource[] } };
  for (const { urn, inputs = {}, outputs = {} } of deployment.resources) {
    const name = urn.split("::").at(-1) ?? "";
    for (const [property, value] of [...Object.entries(inputs), ...Object.entries(outputs)])
      collect(value, false, (secret) => {
        if ([...found.values()].includes(secret)) return;
        const several = [...found.keys()].filter((key) => key.startsWith(`${name}.${property}`)).length;
        found.set(`${name}.${property}${several === 0 ? "" : `.${String(several + 1)}`}`, secret);
      });
  }
  return found;
}

interface Resource {
  readonly urn: string;
  readonly inputs?: object;
  readonly outputs?: object;
}

/** A value that the state encrypts shows as its JSON in `plaintext`. */
function collect(value: unknown, secret: boolean, add: (secret: string) => void): void {
  if (typeof value === "string") {
    // Beside what is secret itself, an encrypted value holds the file that it goes to, who may read that, and certificates.
    if (secret && value.length >= 8 && !/^(\/[\w./-]+$|-----BEGIN CERTIFICATE)/.test(value)) add(value);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { plaintext } = value as { plaintext?: string };
  if (plaintext !== undefined) collect(JSON.parse(plaintext), true, add);
  else for (const one of Object.values(value)) collect(one, secret, add);
}

/** The names of those that are in a text: as they are, and as base64, a URL and JSON write them. */
export function found(needles: Needles, text: string): string[] {
  return [...needles].filter(([, value]) => spellings(value).some((one) => text.includes(one))).map(([name]) => name);
}

/** The same for all files below some folders. */
export async function foundBelow(needles: Needles, folders: readonly string[]): Promise<string[]> {
  // A line of it is enough to find the files that may have one of several lines.
  const lines = [...needles.values()].flatMap(spellings).map(longestLine);
  const files = await command("grep", ["-rlaFs", ...lines.flatMap((one) => ["-e", one]), "--", ...folders], {
    cwd: "/",
    env: { ...process.env, LC_ALL: "C" },
  });
  const texts = files.stdout.split("\n").filter((file) => file !== "");
  return [...new Set(texts.flatMap((file) => found(needles, readFileSync(file, "latin1"))))];
}

function longestLine(text: string): string {
  return text.split("\n").reduce((a, b) => (b.length > a.length ? b : a));
}

function spellings(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [...new Set([value, json, encodeURIComponent(value), ...asBase64(value)])];
}

/** Where it begins in three bytes makes three texts, of which the ends belong to its neighbours too. */
function asBase64(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}
