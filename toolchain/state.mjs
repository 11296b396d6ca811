// Step 6: where the stacks' state is kept, and what encrypts the secrets in it.

import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { isAlive } from "./alive.mjs";
import { own, root, say, SetupError, setVariable, stackFile, step } from "./steps.mjs";

// It protects nothing, and needn't: it encrypts a state that lies beside it, in the clone's own folder.
const documentedPassphrase = "mia";

export async function state(setup, stack) {
  await step(setup, "State", async () => {
    const folder = join(own, "state");
    // Without `metadata=skip` Pulumi writes a file beside each, which a kill at the wrong moment leaves empty, and the state
    // then can't be read any more.
    const mine = `file://${folder}?metadata=skip`;
    const users = usersBackend(setup.env);
    if (users !== undefined && users !== mine) {
      refuseDocumentedSalt(stack, users);
      return users;
    }
    mkdirSync(folder, { recursive: true });
    dropDeadLocks(folder);
    setVariable(setup, "PULUMI_BACKEND_URL", mine);
    const passphrase = setup.env.PULUMI_CONFIG_PASSPHRASE ?? setup.env.PULUMI_CONFIG_PASSPHRASE_FILE;
    if (passphrase === undefined) {
      setVariable(setup, "PULUMI_CONFIG_PASSPHRASE", documentedPassphrase);
      warnOfSecret(stack);
    }
    return `${folder}, this clone's own`;
  });
}

/** What the documented passphrase encrypts is as good as open once it leaves this clone. */
function warnOfSecret(stack) {
  const file = join(root, stackFile(stack));
  if (!existsSync(file) || !readFileSync(file, "utf8").includes("secure:")) return;
  say(`  ${stackFile(stack)} holds a secret that the documented passphrase opens: don't commit it.`);
}

/** What commands that were killed on this computer have left: Pulumi would refuse until `pulumi cancel`. */
export function dropDeadLocks(folder) {
  const locks = join(folder, ".pulumi/locks");
  if (!existsSync(locks)) return;
  for (const entry of readdirSync(locks, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".json")) continue;
    const file = join(entry.parentPath, entry.name);
    const { pid, hostname: holder } = JSON.parse(readFileSync(file, "utf8"));
    if (holder === hostname() && !isAlive(pid)) rmSync(file);
  }
}

/** The backend that the user chose: the variable, a login, or a token for Pulumi Cloud. */
export function usersBackend(env) {
  if (env.PULUMI_BACKEND_URL) return env.PULUMI_BACKEND_URL;
  const credentials = join(
    env.PULUMI_CREDENTIALS_PATH || env.PULUMI_HOME || join(homedir(), ".pulumi"),
    "credentials.json",
  );
  if (existsSync(credentials)) {
    const { current } = parse(credentials);
    if (current) return current;
  }
  return env.PULUMI_ACCESS_TOKEN ? "https://api.pulumi.com" : undefined;
}

function parse(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new SetupError(`${file} can't be read (${error.message}): \`pulumi login\` writes it anew.`);
  }
}

/** A salt in a stack's file makes Pulumi encrypt with its passphrase on any backend: not with one that all know. */
function refuseDocumentedSalt(stack, backend) {
  const file = stackFile(stack);
  if (!existsSync(join(root, file))) return;
  const salt = /^encryptionsalt:\s*(\S+)/m.exec(readFileSync(join(root, file), "utf8"))?.[1];
  if (salt === undefined || !opens(salt, documentedPassphrase)) return;
  throw new SetupError(
    `${file} still holds the salt of the documented passphrase, which is for the clone's own state only, and the backend is ${backend}: ` +
      `remove its line encryptionsalt, or where the stack is there already, choose another with \`PULUMI_CONFIG_PASSPHRASE=${documentedPassphrase} pulumi stack change-secrets-provider --stack ${stack} default\` (or passphrase, awskms://…).`,
  );
}

/** Whether a passphrase belongs to a salt as Pulumi writes it: v1:<salt>:v1:<nonce>:<the word "pulumi", encrypted>. */
export function opens(encryptionsalt, passphrase) {
  const [, salt, , nonce, text] = encryptionsalt.split(":");
  try {
    const key = pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
    const bytes = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString() === "pulumi";
  } catch {
    return false;
  }
}
