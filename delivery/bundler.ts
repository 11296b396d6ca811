import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

// Settings that look like a host's name of two parts, since two underscores stand for a dot.
const settings = /^BUNDLE_(BUILD|GEM|LOCAL|PATH|PLUGINS|SSL|TIMEOUT)__(?!\S*__)/;

/**
 * What Bundler knows of private gem servers where the image is built (`bundle config set --global gems.example.com
 * user:password`): of its own global file, which BUNDLE_USER_CONFIG may name, the lines about a host, or a mirror of one.
 */
export function gemCredentials(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const file = env["BUNDLE_USER_CONFIG"] ?? join(homedir(), ".bundle/config");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const own = lines.filter((line) => /^BUNDLE_\S*__\S*: /.test(line) && !settings.test(line));
  return own.length === 0 ? undefined : `---\n${own.join("\n")}\n`;
}
