// Requires: pulumi.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { succeed } from "./support/command.ts";

const root = join(import.meta.dirname, "../..");
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** What a schema says of one property. */
interface Property {
  type?: string;
  $ref?: string;
  items?: Property;
  additionalProperties?: Property;
  oneOf?: Property[];
}

interface Properties {
  properties?: Record<string, Property>;
  required?: string[];
}

interface Schema {
  version: string;
  provider?: { inputProperties?: Record<string, Property>; requiredInputs?: string[] };
  resources: Record<string, { inputProperties?: Record<string, Property>; requiredInputs?: string[] }>;
  functions?: Record<string, { inputs?: Properties }>;
  types?: Record<string, Properties & { enum?: unknown[] }>;
}

/** One line for each property: name, whether it may be left out, and the shape of its type. */
type Facts = Map<string, string>;

describe("The plugins that Pulumi runs with", () => {
  for (const name of ["docker", "random", "tls", "command"]) {
    const version = dependencies[`@pulumi/${name}`] ?? "";
    it(`take exactly what the SDK @pulumi/${name} ${version} declares, property by property`, async () => {
      const got = await succeed("pulumi", ["package", "get-schema", `${name}@${version}`], {
        cwd: root,
        env: process.env,
      });
      const schema = JSON.parse(got.stdout) as Schema;
      const sdk = interfaces(join(root, "node_modules/@pulumi", name));
      const { facts, unknown } = schemaFacts(schema, sdk);
      assert.ok(facts.size > 20, `only ${String(facts.size)} properties were compared`);
      assert.deepEqual(unknown, []);
      const differences = [...facts].flatMap(([key, fact]) =>
        sdk.get(key) === fact ? [] : [`${key}: plugin ${fact}, SDK ${sdk.get(key) ?? "has none"}`],
      );
      // And the other way round: every property of an interface that was compared is one of the plugin's.
      const compared = new Set([...facts.keys()].map((key) => key.split(".")[0]));
      const extra = [...sdk.keys()].filter((key) => compared.has(key.split(".")[0]) && !facts.has(key));
      assert.deepEqual(differences, []);
      assert.deepEqual(extra, []);
      // What the SDK has and the plugin hasn't: at most docker's own Image and the deprecated CopyFile, both unused here.
      const missing = [...new Set([...sdk.keys()].map((key) => key.split(".")[0] ?? ""))].filter(
        (scope) =>
          /^(\w+:)?[A-Z]\w+Args$/.test(scope) && !/^(input|output):|OutputArgs$/.test(scope) && !compared.has(scope),
      );
      assert.deepEqual(
        missing.filter((scope) => !["ImageArgs", "remote:CopyFileArgs"].includes(scope)),
        [],
      );
    });
  }
});

/** Every interface of an SDK's declarations: `ContainerArgs.image` → `required string`. */
function interfaces(folder: string): Facts {
  const facts: Facts = new Map();
  for (const file of declarations(folder)) {
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
    const prefix = scopeOf(file, folder);
    const visit = (node: ts.Node): void => {
      if (ts.isInterfaceDeclaration(node)) {
        for (const member of node.members) {
          if (!ts.isPropertySignature(member) || member.type === undefined) continue;
          const key = `${prefix}${node.name.text}.${member.name.getText()}`;
          facts.set(
            key,
            `${member.questionToken === undefined ? "required" : "optional"} ${shapeOfType(member.type.getText())}`,
          );
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return facts;
}

function declarations(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".d.ts") && !file.includes("node_modules"))
    .map((file) => join(folder, file));
}

/** Input types, and modules of a name of their own (`local`, `remote`), are told apart; the rest lies flat. */
function scopeOf(file: string, folder: string): string {
  const path = file.slice(folder.length + 1);
  if (path === "types/input.d.ts") return "input:";
  if (path === "types/output.d.ts") return "output:";
  const [first = ""] = path.split("/");
  return path.includes("/") ? `${first}:` : "";
}

/** Array, map or single, of which simple type or of some object: what every spelling of a type has in common. */
function shapeOfType(text: string): string {
  if (text.includes("[key: string]")) return `map of ${simple(text.slice(text.indexOf("]:")))}`;
  return text.includes("[]") ? `array of ${simple(text)}` : simple(text);
}

function simple(type: string): string {
  if (type.includes("enums.")) return "string"; // what goes over the wire
  if (/inputs\.|outputs\.|asset\.|any/.test(type)) return "object";
  return /string|number|boolean/.exec(type)?.[0] ?? "object";
}

/** The same lines out of a plugin's schema, and what the SDK has no interface for. */
function schemaFacts(schema: Schema, sdk: Facts): { facts: Facts; unknown: string[] } {
  const facts: Facts = new Map();
  const unknown: string[] = [];
  const known = new Set([...sdk.keys()].map((key) => key.split(".")[0] ?? ""));
  const add = (scope: string, properties: Record<string, Property> = {}, required: string[] = []) => {
    if (Object.keys(properties).length === 0) return;
    if (!known.has(scope)) unknown.push(scope);
    for (const [name, property] of Object.entries(properties)) {
      facts.set(
        `${scope}.${name}`,
        `${required.includes(name) ? "required" : "optional"} ${shapeOfProperty(property, schema)}`,
      );
    }
  };
  add("ProviderArgs", schema.provider?.inputProperties, schema.provider?.requiredInputs);
  for (const [token, resource] of Object.entries(schema.resources)) {
    add(
      `${moduleOf(token)}${basename(token.split(":")[2] ?? "")}Args`,
      resource.inputProperties,
      resource.requiredInputs,
    );
  }
  for (const [token, fn] of Object.entries(schema.functions ?? {})) {
    if (token.startsWith("pulumi:")) continue; // a method of the provider, not one of the SDK's functions
    const name = token.split(":")[2] ?? "";
    add(
      `${moduleOf(token)}${name[0]?.toUpperCase() ?? ""}${name.slice(1)}Args`,
      fn.inputs?.properties,
      fn.inputs?.required,
    );
  }
  for (const [token, type] of Object.entries(schema.types ?? {})) {
    const scope = ["", "Args"]
      .map((suffix) => `input:${token.split(":")[2] ?? ""}${suffix}`)
      .find((name) => known.has(name));
    if (scope !== undefined && type.enum === undefined) add(scope, type.properties, type.required);
  }
  return { facts, unknown };
}

/** `command:local:Command` has a module of its own, `docker:index/container:Container` has none. */
function moduleOf(token: string): string {
  const module = token.split(":")[1]?.split("/")[0] ?? "";
  return module === "index" || module === "" ? "" : `${module}:`;
}

function shapeOfProperty(property: Property, schema: Schema): string {
  if (property.type === "array") return `array of ${simpleProperty(property.items ?? {}, schema)}`;
  if (property.type === "object" && property.additionalProperties !== undefined) {
    return `map of ${simpleProperty(property.additionalProperties, schema)}`;
  }
  return simpleProperty(property, schema);
}

function simpleProperty({ type, $ref, oneOf }: Property, schema: Schema): string {
  const [first] = oneOf ?? [];
  if (first !== undefined) return simpleProperty(first, schema);
  if ($ref !== undefined || type === undefined) return "object";
  return type === "integer" ? "number" : type;
}
