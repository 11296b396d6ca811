// `npm run new -- service NAME`: a microservice that works, as a folder and a line of the catalogue.

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, say, SetupError } from "./steps.mjs";

const catalogue = "platform/catalogue/microservices.ts";
const taken = ["edge", "lb", "consul", "registrator", "db", "memcache", "rmq", "elastic"];
const end = "} satisfies Record<string, MicroserviceEntry>";

export function newService([kind, name, ...rest]) {
  if (kind !== "service" || name === undefined || rest.length > 0) {
    throw new SetupError("usage: npm run new -- service NAME");
  }
  // It becomes a name in Consul, in paths, of a database and of a Ruby module.
  if (!/^[a-z][a-z0-9]{1,30}$/.test(name)) {
    throw new SetupError(`The name is ${JSON.stringify(name)}, need 2 to 31 letters a-z and digits, a letter first.`);
  }
  const text = readFileSync(join(root, catalogue), "utf8");
  const frontends = readFileSync(join(root, "platform/catalogue/frontends.ts"), "utf8");
  if (taken.includes(name) || [text, frontends].some((file) => new RegExp(`^ *${name}:`, "m").test(file))) {
    throw new SetupError(`There is a part ${name} already: take another name.`);
  }
  const source = `services/rosi_${name}_service`;
  if (existsSync(join(root, source))) throw new SetupError(`There is a folder ${source} already: take another name.`);
  if (!text.includes(end)) throw new SetupError(`${catalogue} does not end with \`${end}\` as this needs it.`);

  cpSync(join(root, "toolchain/skeleton/service"), join(root, source), { recursive: true });
  fillIn(join(root, source), `${name[0].toUpperCase()}${name.slice(1)}`);
  writeFileSync(join(root, catalogue), text.replace(end, `  ${name}: { source: "${source}", uses: [] },\n${end}`));
  say(`✔ ${source}, and a line of ${catalogue}: npm run up brings it to <lbUrl>/${name}/`);
  say("  It changes the golden texts by what is its own: UPDATE_GOLDEN=1 npm run check");
  return 0;
}

function fillIn(folder, module) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, "utf8");
    if (text.includes("NAME")) writeFileSync(file, text.replaceAll("NAMEService", `${module}Service`));
  }
}
