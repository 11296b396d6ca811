import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

// Settings whose names look like a host's, since two underscores stand for a dot.
const settings = /^BUNDLE_(BUILD|GEM|LOCAL|MIRROR|PATH|PLUGINS|SSL|TIMEOUT)__/;

/**
 * The credentials for private gem servers that Bundler has of whoever builds (`bundle config set --global gems.example.com
 * user:password`): of its own global file, which BUNDLE_USER_CONFIG may name, the lines that are about a host.
 */
export function gemCredentials(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const file = env["BUNDLE_USER_CONFIG"] ?? join(homedir(), ".bundle/config");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const own = lines.filter((line) => /^BUNDLE_[^:]*(:\/\/)?[^:]*__[^:]*: /.test(line) && !settings.test(line));
  return own.length === 0 ? undefined : `---\n${own.join("\n")}\n`;
}
