// Runs the program of one stack on mocks, as a preview, and prints every resource that it registers; of the project in the root,
// or in a folder:
//   node review/record.ts dev
//   node review/record.ts shared registry
// A process of its own for each stack: a program's modules and its root resource are made once.

import * as pulumi from "@pulumi/pulumi";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../platform/problem.ts";
import { readStackFiles, type StackFiles } from "../platform/stack-file.ts";
import { render, type Recorded } from "./render.ts";

const root = join(import.meta.dirname, "..");
const [stack = "dev", folder = "."] = process.argv.slice(2);
const { project, values } = configOf(join(root, folder));
process.env["PATH"] = `${join(import.meta.dirname, "bin")}:${process.env["PATH"] ?? ""}`;
process.env["MIA_IMAGES"] = "";

// What the program logs is no part of the text.
console.log = console.info = console.error;

/** What a provider would make up. */
function made(type: string, name: string): Record<string, unknown> {
  if (type === "random:index/randomPassword:RandomPassword") {
    return { result: `(secret of ${name})`, bcryptHash: `(hash of the secret of ${name})` };
  }
  if (type === "random:index/randomUuid:RandomUuid") return { result: `(id of ${name})` };
  if (type === "tls:index/privateKey:PrivateKey") return { privateKeyPem: `(key of ${name})` };
  if (type === "tls:index/certRequest:CertRequest") return { certRequestPem: `(request of ${name})` };
  if (type.startsWith("tls:")) return { certPem: `(certificate of ${name})` };
  return type === "command:local:Command" ? { stdout: `(output of ${name})` } : {};
}

const recorded: Promise<Recorded>[] = [];

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => ({
      id: `${name}-id`,
      state: { ...(inputs as Record<string, unknown>), ...made(type, name) },
    }),
    call: ({ inputs }) => inputs as Record<string, unknown>,
  },
  project,
  stack,
  true,
);
pulumi.runtime.setAllConfig(withoutSecrets(values));
const program = pulumi.runtime.runInPulumiStack(async () => {
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
    if (type !== "pulumi:pulumi:Stack") recorded.push(settle(type, name, props, opts));
    // The mocks' engine knows no hooks.
    return { props, opts: { ...opts, hooks: {} } };
  });
  const entry = pathToFileURL(join(root, folder, "start.ts")).href;
  return ((await import(entry)) as { default: () => Promise<unknown> }).default();
});
const outputs = (await program.catch(refuse)) as Record<string, unknown>;

function configOf(path: string): StackFiles {
  try {
    return readStackFiles(path, stack);
  } catch (error) {
    return refuse(error);
  }
}

/** A review knows no passphrase: what is encrypted in a stack's file shows as that. */
function withoutSecrets(texts: StackFiles["values"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [
      key,
      text.replaceAll(/^\{"secure":"[^"]*"\}$/g, "(secret)").replaceAll(/\{"secure":"[^"]*"\}/g, '"(secret)"'),
    ]),
  );
}

/** A sentence that a user can do something about is an answer, too. */
function refuse(error: unknown): never {
  if (!(error instanceof pulumi.RunError || error instanceof ConfigError)) throw error;
  process.stdout.write(`${error.message}\n`);
  process.exit(1);
}

async function settle(
  type: string,
  name: string,
  props: pulumi.Inputs,
  opts: pulumi.ComponentResourceOptions & pulumi.CustomResourceOptions,
): Promise<Recorded> {
  const dependsOn = (await value(opts.dependsOn ?? [])) as pulumi.Resource | pulumi.Resource[];
  return {
    type,
    name,
    parent: await title(opts.parent),
    dependsOn: await Promise.all([dependsOn].flat().map((resource) => title(resource))),
    options: {
      ...(opts.deleteBeforeReplace === undefined ? {} : { deleteBeforeReplace: opts.deleteBeforeReplace }),
      ...(opts.replaceOnChanges === undefined ? {} : { replaceOnChanges: opts.replaceOnChanges }),
      ...(opts.protect === undefined ? {} : { protect: await value(opts.protect) }),
      ...(opts.ignoreChanges === undefined ? {} : { ignoreChanges: opts.ignoreChanges }),
    },
    inputs: (await value(props)) as Record<string, unknown>,
  };
}

/** A resource as the last two parts of its URN. */
async function title(resource: pulumi.Resource | undefined): Promise<string> {
  if (resource === undefined) return "";
  const urn = (await value(resource.urn)) as string;
  const [qualified = "", name = ""] = urn.split("::").slice(-2);
  return `${qualified.split("$").at(-1) ?? ""}::${name}`;
}

/** The value of any input; one that stays unknown shows as such. */
function value(input: unknown): Promise<unknown> {
  return new Promise((done) => {
    const waiting = setTimeout(() => {
      done("(known after up)");
    }, 20_000);
    (pulumi.output(input) as pulumi.Output<unknown>).apply((known) => {
      clearTimeout(waiting);
      done(known);
    });
  });
}

const text = render(stack, await Promise.all(recorded), (await value(outputs)) as Record<string, unknown>);
// What is another for every clone, and for every stack.
process.stdout.write(
  text
    .replaceAll(/(?<=^ {2}user = )"\d+:\d+"$/gm, '"<owner of the folder>"')
    .replaceAll(resolve(root), "<clone>")
    .replaceAll(new RegExp(`\\bmia-${stack}\\b`, "g"), "<platform>"),
);
