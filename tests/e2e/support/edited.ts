import { readFileSync } from "node:fs";
import { join } from "node:path";
import { frontends } from "../../../platform/catalogue/frontends.ts";
import { microservices } from "../../../platform/catalogue/microservices.ts";
import { checkPlatform } from "../../../platform/check.ts";
import { readEnvironment } from "../../../platform/config.ts";
import { ConfigError } from "../../../platform/problem.ts";
import { type FrontendEntry, type MicroserviceEntry, type Service, wholeServices } from "../../../platform/service.ts";
import { readStackFiles } from "../../../platform/stack-file.ts";
import type { Clone } from "./clone.ts";

/** What a user can edit, in the words of the files that hold it. */
export interface Draft {
  readonly microservices: Readonly<Record<string, MicroserviceEntry>>;
  readonly frontends: Readonly<Record<string, FrontendEntry>>;
  readonly replicas: Readonly<Record<string, number>>;
  /** Other values of the stack's config, each as text. */
  readonly config: Readonly<Record<string, string>>;
}

/** The platform of a clone's stack `dev`, as its user edits it. */
export class Edited {
  readonly clone: Clone;
  private draft: Draft = { microservices, frontends, replicas: {}, config: {} };

  constructor(clone: Clone) {
    this.clone = clone;
  }

  get now(): Draft {
    return this.draft;
  }

  /** Its services, whole. */
  get services(): Record<string, Service> {
    return wholeServices(this.draft.microservices, this.draft.frontends);
  }

  /** What the stack's config says of a key. */
  setting(key: string): string {
    return this.draft.config[key] ?? this.values()[key] ?? "";
  }

  /** Whether the platform's own rules let a change pass. */
  allows(change: Partial<Draft>): boolean {
    const draft = { ...this.draft, ...change };
    const values = { ...this.values(), ...draft.config, "mia:replicas": JSON.stringify(draft.replicas) };
    try {
      const environment = readEnvironment({ project: "mia", stack: "dev", values });
      checkPlatform(environment, wholeServices(draft.microservices, draft.frontends));
      return true;
    } catch (error) {
      if (error instanceof ConfigError) return false;
      throw error;
    }
  }

  /** Makes a change that is allowed, by the editor and by `pulumi config`. */
  async take(change: Partial<Draft>): Promise<void> {
    const before = this.draft;
    this.draft = { ...before, ...change };
    for (const name of ["microservices", "frontends"] as const) {
      if (change[name] !== undefined) await this.write(name, change[name]);
    }
    await this.scale(before.replicas, this.draft.replicas);
    for (const [key, value] of Object.entries(change.config ?? {})) {
      await this.clone.mustPulumi("config", "set", key, value);
    }
  }

  private write(name: "microservices" | "frontends", entries: Readonly<Record<string, object>>): Promise<void> {
    const lines = Object.entries(entries).map(
      ([key, entry]) => `  ${JSON.stringify(key)}: ${JSON.stringify(entry)},\n`,
    );
    const body = new RegExp(`(?<=export const ${name} = \\{\n)[^]*?(?=\\} satisfies)`);
    return this.clone.edit(`platform/catalogue/${name}.ts`, (text) => text.replace(body, () => lines.join("")));
  }

  private async scale(before: Draft["replicas"], after: Draft["replicas"]): Promise<void> {
    for (const name of Object.keys(before).filter((one) => !(one in after))) {
      await this.clone.mustPulumi("config", "rm", "--path", `mia:replicas["${name}"]`);
    }
    for (const [name, count] of Object.entries(after).filter(([one, number]) => before[one] !== number)) {
      await this.clone.mustPulumi("config", "set", "--path", `mia:replicas["${name}"]`, String(count));
    }
  }

  private values(): Readonly<Record<string, string>> {
    return readStackFiles(this.clone.folder, "dev").values;
  }

  /** A number of a part's entry in the catalogue of the infrastructure. */
  numberOf(part: string, key: string): number {
    return Number(numberIn(part, key).exec(this.read(infrastructure))?.[2]);
  }

  /** Writes another there. */
  setNumber(part: string, key: string, value: number): Promise<void> {
    return this.clone.edit(infrastructure, (text) => text.replace(numberIn(part, key), `$1${String(value)}`));
  }

  read(file: string): string {
    return readFileSync(join(this.clone.folder, file), "utf8");
  }
}

const infrastructure = "platform/catalogue/infrastructure.ts";

function numberIn(part: string, key: string): RegExp {
  return new RegExp(`(export const ${part} = \\{[^]*?\\b${key}: )(\\d+)`);
}
