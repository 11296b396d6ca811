// `npm run deploy -- user` and `npm run rollback -- user`: one service of a stack that runs gets another version, and nothing
// else changes, whatever folders hold. docs/delivery.md says how.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "./arguments.mjs";
import { deployMessage, rollbackMessage, versionBefore } from "./deployments.mjs";
import { marked } from "./family.mjs";
import { listen } from "./interrupt.mjs";
import { takeLease } from "./lease.mjs";
import { prepare } from "./mia.mjs";
import { nameVersions } from "./named-versions.mjs";
import { outputs } from "./platform.mjs";
import { changedParts, changes, preview, versionIn } from "./preview.mjs";
import { complaint, isBusy } from "./remains.mjs";
import { installFilter } from "./stack-file-filter.mjs";
import { logFile, main, root, run, say, SetupError, stackFile } from "./steps.mjs";
import { endOrphans, update } from "./take-away.mjs";

const verbs = {
  deploy: { usage: "SERVICE [VERSION]", arguments: 2, doing: "Deploying", message: deployMessage },
  rollback: { usage: "SERVICE", arguments: 1, doing: "Rolling back", message: rollbackMessage },
};

/** What is left of a change that failed, since it could not be taken back either. */
class NotTakenBack extends SetupError {}

async function command([name, ...args]) {
  const { stack, service, version } = argumentsOf(name, args);
  const lease = await takeLease(stack);
  const signal = listen(() => say("  Interrupted: what has begun is taken back."));
  try {
    await endOrphans(lease);
    const setup = marked(await prepare({ stack, quiet: true }), lease.mark);
    const it = { ...verbs[name], setup, stack, service, lease, signal, log: logFile(`${name} ${stack}`) };
    const running = await runningVersions(it);
    return await change(it, running, name === "deploy" ? version : await deployedBefore(it, running[service]));
  } catch (error) {
    if (!signal.aborted) throw error;
    say(`✘ ${error.message}`);
    return 130;
  } finally {
    lease.release({ nothingDone: true });
    installFilter(); // Pulumi may have written the stack's file
  }
}

function argumentsOf(name, args) {
  if (!Object.hasOwn(verbs, name ?? "")) throw new SetupError("usage: deploy.mjs deploy|rollback [arguments]");
  const usage = `npm run ${name} -- ${verbs[name].usage} [--stack NAME]`;
  const options = { stack: { type: "string", short: "s", default: "qa" } };
  const { values, positionals } = parse(args, options, usage, { allowPositionals: true });
  if (positionals.length < 1 || positionals.length > verbs[name].arguments) throw new SetupError(`Usage: ${usage}`);
  const [service, version] = positionals;
  if (version !== undefined && !/^[0-9a-f]{12}$/.test(version)) {
    throw new SetupError(
      `VERSION: got ${JSON.stringify(version)}, need an image's tag, 12 digits of 0-9 and a-f, such as 25833409863c.`,
    );
  }
  return { stack: values.stack, service, version };
}

/** Which version every service of the stack runs. */
async function runningVersions({ setup, stack, service }) {
  const { kind, images, replicas } = await outputs(setup, stack);
  if (kind === "development") {
    throw new SetupError(
      `Stack ${stack} is of the kind development, where services run their folders as they are: npm run up -- --stack ${stack}`,
    );
  }
  const services = Object.keys(replicas).sort();
  if (!services.includes(service)) {
    throw new SetupError(`Stack ${stack} runs no service ${service}, only ${services.join(", ")}.`);
  }
  if (!existsSync(join(root, stackFile(stack)))) {
    throw new SetupError(
      `There is no ${stackFile(stack)}: \`pulumi config refresh --stack ${stack}\` makes it as the stack's last update had it.`,
    );
  }
  return Object.fromEntries(services.map((name) => [name, images[name].split(":").at(-1)]));
}

/** The version before the one that runs, as the stack's history tells. */
async function deployedBefore({ setup, stack, service }, running) {
  const version = versionBefore(await history(setup, stack), service, running);
  if (version !== undefined) return version;
  throw new SetupError(
    `Stack ${stack} runs ${service} ${running}, and its history tells of no version before: npm run deploy -- ${service} VERSION --stack ${stack}`,
  );
}

/** All that the backend remembers. */
async function history(setup, stack) {
  const all = [];
  for (let page = 1; ; page++) {
    const words = ["--json", "--page-size", "100", "--page", String(page), "--stack", stack];
    const { code, stdout, stderr } = await run("pulumi", ["stack", "history", ...words], setup);
    if (code !== 0) throw new SetupError(complaint(stderr));
    const entries = JSON.parse(stdout);
    all.push(...entries);
    if (entries.length < 100) return all;
  }
}

/**
 * Gives the service a version, or the one that its folder holds. Every version is in the stack's config then; where it fails,
 * that is as it was.
 */
async function change(it, running, version) {
  const { stack, service } = it;
  const file = join(root, stackFile(stack));
  const text = readFileSync(file, "utf8");
  try {
    const { to, isThere } = await previewed(it, running, version);
    if (isThere) writeFileSync(file, text);
    else await replace(it, running, to);
    say(`✔ ${service} of stack ${stack} runs ${to} ${isThere ? "already" : `(was ${running[service]})`}.`);
    return 0;
  } catch (error) {
    // What could not be taken back is for the next `up` to bring.
    if (!(error instanceof NotTakenBack)) writeFileSync(file, text);
    throw error;
  }
}

/** The version that it will be, and whether it is already; refuses where anything else would change. */
async function previewed({ setup, stack, service, doing }, running, version) {
  const others = Object.fromEntries(Object.entries(running).filter(([name]) => name !== service));
  await nameVersions(setup, stack, version === undefined ? others : { ...others, [service]: version });
  const steps = await preview(setup, stack);
  const parts = changedParts(steps);
  const beside = parts.filter((part) => part !== service);
  if (beside.length > 0) {
    throw new SetupError(
      `${doing} ${service} alone would also change ${beside.join(", ")}: npm run up -- --stack ${stack}, and then again.`,
    );
  }
  const to = version ?? versionIn(steps, service);
  return { to, isThere: parts.length === 0 && to === running[service] };
}

async function replace({ doing, message, ...it }, running, to) {
  const { setup, stack, service, lease, signal, log } = it;
  const from = running[service];
  if (signal.aborted) throw new SetupError("Interrupted before anything was changed.");
  await nameVersions(setup, stack, { ...running, [service]: to });
  const words = message(service, to, from);
  const { code, output } = await update(setup, stack, lease, ["up", "--message", words], { log, signal });
  if (code === 0) return;
  // What somebody else is about is not to be taken back.
  if (isBusy(output)) throw new SetupError(complaint(output));
  const how = signal.aborted ? "was interrupted" : `failed (${complaint(output).replace(/\.$/, "")})`;
  const failed = `${doing} ${service} ${how}`;
  await takeBack(it, running, `take back: ${words}`).catch((error) => {
    throw new NotTakenBack(`${failed}, and so did taking it back (${error.message}): npm run up -- --stack ${stack}`);
  });
  throw new SetupError(`${failed}: it runs ${from}, as before, and not ${to}.`);
}

/** Brings back what has been replaced already; one that could not build has only the state to put right. */
async function takeBack({ setup, stack, lease, log }, running, message) {
  await nameVersions(setup, stack, running);
  if (changes(await preview(setup, stack)).length === 0) return;
  const { code, output } = await update(setup, stack, lease, ["up", "--message", message], { log });
  if (code !== 0) throw new SetupError(complaint(output));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => command(process.argv.slice(2)));
