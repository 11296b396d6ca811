// `npm run build` and `npm run push`: the images of our own that a stack runs, by the builder that its `up` uses; `npm run sbom`:
// what is in them. It needs no state, and no Pulumi.

import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { addressOf } from "../components/machine/address-of.ts";
import { MachineError } from "../components/machine/docker-machine/cli.ts";
import { docker } from "../components/machine/docker.ts";
import { deliver } from "../delivery/builder.ts";
import { ownImages, whatRuns } from "../delivery/own-images.ts";
import { DeliveryError } from "../delivery/refusal.ts";
import { frontends } from "../platform/catalogue/frontends.ts";
import { microservices } from "../platform/catalogue/microservices.ts";
import { readEnvironment } from "../platform/config.ts";
import { ConfigError } from "../platform/problem.ts";
import { selectServices } from "../platform/selection.ts";
import { wholeServices } from "../platform/service.ts";
import { readStackFiles } from "../platform/stack-file.ts";
import { parse } from "./arguments.mjs";
import { writeBills } from "./sbom.mjs";
import { logFile, root, say, SetupError, stackFile, time } from "./steps.mjs";

/** Builds them, or pushes them too. @throws SetupError with a sentence for each problem */
export async function deliverImages(args) {
  try {
    return await run(args);
  } catch (error) {
    if ([DeliveryError, ConfigError, MachineError].some((type) => error instanceof type))
      throw new SetupError(error.message);
    throw error;
  }
}

const verbs = {
  build: { options: { registry: { type: "string" } }, usage: "[--registry ADDRESS]" },
  push: { options: { registry: { type: "string" } }, usage: "[--registry ADDRESS]" },
  sbom: { options: { output: { type: "string", default: ".mia/sbom" } }, usage: "[--output FOLDER] [PART ...]" },
};

async function run([verb, ...args]) {
  const options = { stack: { type: "string", short: "s", default: "qa" }, ...verbs[verb].options };
  const { values, positionals } = parse(args, options, `npm run ${verb} -- [--stack NAME] ${verbs[verb].usage}`, {
    allowPositionals: verb === "sbom",
  });
  const { stack, registry: address, output } = values;
  const environment = environmentOf(stack, address);
  const { registry } = environment;
  if (verb === "push" && registry === undefined) {
    throw new SetupError(
      `${stackFile(stack)}: mia:registry.address: got nothing, need the registry to push to. Fix: pulumi config set --stack ${stack} --path mia:registry.address registry.example:5000`,
    );
  }
  const engine = await addressOf(environment.machine);
  const services = selectServices(wholeServices(microservices, frontends), environment.services);
  const needed = ownImages(environment, services, await enginePlatform(engine));
  // A version that the config names may be in the registry, which a build does not ask.
  const all = verb === "build" ? needed.filter(({ onlyTaken }) => !onlyTaken) : needed;
  const images = verb === "sbom" ? chosen(whatRuns(all), positionals) : all;
  await deliver(images, { engine, registry: verb === "push" ? registry : undefined, asksAlways: true }, progress());
  if (verb === "sbom") await writeBills(engine, images, resolve(root, output));
  return 0;
}

/** Those of these parts, or all. */
function chosen(images, parts) {
  const there = images.map(({ part }) => part);
  const unknown = parts.filter((part) => !there.includes(part));
  if (unknown.length > 0)
    throw new SetupError(`There is no image of ${unknown.join(", ")}; there are ${there.join(", ")}.`);
  return parts.length === 0 ? images : images.filter(({ part }) => parts.includes(part));
}

async function enginePlatform(engine) {
  const info = await docker(engine, "info", "--format", "{{.OSType}}/{{.Architecture}}");
  if (!info.ok) throw new SetupError(`The Docker engine does not answer (${info.why}): start it.`);
  return info.stdout;
}

/** As the program reads it, but without secrets, which are the state's: the docker command has a login of its own. */
function environmentOf(stack, address) {
  const { project, values } = readStackFiles(root, stack.split("/").pop());
  return readEnvironment({
    project,
    stack: stack.split("/").pop(),
    values: {
      ...values,
      "mia:registry":
        address === undefined
          ? without(["user", "password"], values["mia:registry"])
          : JSON.stringify(address === "" ? {} : { address }),
      "mia:machine": without(["secrets"], values["mia:machine"]),
    },
    defaultImages: process.env.MIA_IMAGES,
  });
}

function without(keys, object = "{}") {
  try {
    const entries = Object.entries(JSON.parse(object));
    return JSON.stringify(Object.fromEntries(entries.filter(([key]) => !keys.includes(key))));
  } catch {
    return object; // as it is: its reader says what is wrong with it
  }
}

/** A line when something begins and when an image is where it is to be; all else goes into its log. */
function progress() {
  const from = new Map();
  return {
    begins({ part, name }, doing) {
      if (!from.has(part)) from.set(part, Date.now());
      if (doing !== "taking") say(`  ${doing} ${name} … (log: ${logFile(`image ${part}`)})`);
    },
    says: ({ part }, line) => appendFileSync(logFile(`image ${part}`), `${line}\n`),
    ends: ({ part, name }, how) =>
      say(how === "there" ? `✔ ${name} is there` : `✔ ${name} (${time((Date.now() - from.get(part)) / 1000)})`),
  };
}
