// `npm run versions`: what is pinned, and what there is by now, as far as somebody answers. docs/versions.md says how to move it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atLeast } from "../platform/versions.mjs";
import { parse } from "./arguments.mjs";
import { digestOf, tagsOf } from "./registry.mjs";
import { main, root, run, SetupError } from "./steps.mjs";

const unanswered = "(no answer)";
const digestsFile = "platform/catalogue/digests.json";

async function versions(args) {
  const { images: prefix, pin } = parse(
    args,
    { images: { type: "string", default: process.env.MIA_IMAGES ?? "" }, pin: { type: "boolean", default: false } },
    "npm run versions -- [--images PREFIX] [--pin]",
  ).values;
  if (pin) return pinDigests(prefix);
  const kinds = await Promise.all([packages(), images(prefix), modules(), gems(), actions()]);
  const rows = [["KIND", "NAME", "PINNED", "NEWEST", ""], ...kinds.flat()];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  return 0;
}

/** A row, whose last word says whether it is behind. */
function row(kind, name, pinned, newest, more = "") {
  const behind = newest !== unanswered && !atLeast(pinned, newest) ? "behind" : "";
  return [kind, name, pinned, newest, [behind, more].filter((word) => word !== "").join(" ")];
}

async function packages() {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const pinned = Object.entries({ ...dependencies, ...devDependencies });
  return Promise.all(
    pinned.map(async ([name, version]) => {
      const { code, stdout } = await run("npm", ["view", name, "version"], { timeout: 60_000 });
      return row("npm", name, version, code === 0 ? stdout.trim() : unanswered);
    }),
  );
}

/** Those of the catalogue and of Dockerfiles, with the digest that their tag has now. */
async function images(prefix) {
  const [all, pinned] = [upstreamImages(), pinnedDigests()];
  const others = all.some((image) => `${prefix}${image}` in pinned);
  return Promise.all(
    all.map(async (image) => {
      const [name, tag] = image.split(":");
      const [tags, digest] = await Promise.all([
        tagsOf(`${prefix}${image}`).catch(() => undefined),
        digestOf(`${prefix}${image}`).catch(() => undefined),
      ]);
      const was = pinned[`${prefix}${image}`];
      const newest = tags === undefined ? unanswered : newestLike(tag, tags);
      if (was === undefined)
        return row("image", name, tag, newest, `${others ? "not pinned as others are: " : ""}${digest ?? ""}`);
      const moved = digest === undefined || was === digest ? "" : `moved, from ${was}, to `;
      return row("image", name, tag, newest, moved + (digest ?? ""));
    }),
  );
}

/** Writes the digests that tags have now, of those images whose registry gives one; those of other registries stay. */
async function pinDigests(prefix) {
  const images = upstreamImages();
  const asked = await Promise.all(
    images.map(async (image) => [`${prefix}${image}`, await digestOf(`${prefix}${image}`).catch(() => undefined)]),
  );
  const found = Object.fromEntries(asked.filter(([, digest]) => digest));
  for (const [name] of asked)
    console.log(found[name] === undefined ? `${name} ${unanswered}` : `${name}@${found[name]}`);
  if (Object.keys(found).length === 0) throw new SetupError("No registry gave a digest: nothing is pinned.");
  // What is used no more goes.
  const kept = Object.entries(pinnedDigests()).filter(([name]) => images.some((image) => name.endsWith(image)));
  const all = Object.entries({ ...Object.fromEntries(kept), ...found }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(root, digestsFile), `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
  return 0;
}

function upstreamImages() {
  const catalogue = Object.values(JSON.parse(read("platform/catalogue/images.json")));
  const folders = ["edge", "lb", ...readdirSync(join(root, "images")).map((name) => `images/${name}`)];
  const froms = folders.flatMap((folder) =>
    [...read(`${folder}/Dockerfile`).matchAll(/^FROM \$\{IMAGES\}([^\s$]+)/gm)].map(([, image]) => image),
  );
  return [...new Set([...catalogue, ...froms])].sort();
}

function pinnedDigests() {
  return JSON.parse(read(digestsFile));
}

/** The newest tag of the same form: `4.0.5-management` is followed by `4.1.0-management`, not by `4.1.0`. */
export function newestLike(tag, tags) {
  const form = new RegExp(`^${tag.replace(/[.+]/g, "\\$&").replace(/\d+/g, "\\d+")}$`);
  return [tag, ...tags.filter((one) => form.test(one))].reduce((best, one) => (atLeast(best, one) ? best : one));
}

/** What is built from a Go module of its own: the only one that its folder requires. */
async function modules() {
  const folder = "toolchain/offline/go";
  const required = readdirSync(join(root, folder)).flatMap((name) => {
    const text = read(`${folder}/${name}/go.mod`);
    return /^require (\S+ v\S+)$/m.exec(text)?.[1] ?? [];
  });
  return Promise.all(
    [...new Set(required)].sort().map(async (requirement) => {
      const [module, version] = requirement.split(" ");
      const words = ["list", "-m", "-f", "{{.Version}}", `${module}@latest`];
      const { code, stdout } = await run("go", words, { cwd: join(root, folder, "registrator"), timeout: 60_000 });
      return row("Go", module, version, code === 0 ? stdout.trim() : unanswered);
    }),
  );
}

async function gems() {
  const folder = "images/rails-microservice/gems";
  const direct = [...read(`${folder}/Gemfile`).matchAll(/^gem "([^"]+)"/gm)].map(([, name]) => name);
  const lock = read(`${folder}/Gemfile.lock`);
  return Promise.all(
    direct.map(async (name) => {
      const pinned = new RegExp(`^ {4}${name} \\((\\S+)\\)`, "m").exec(lock)?.[1] ?? "";
      const newest = await json(`https://rubygems.org/api/v1/versions/${name}/latest.json`);
      return row("gem", name, pinned, newest?.version ?? unanswered);
    }),
  );
}

async function actions() {
  const folder = ".github/workflows";
  const texts = readdirSync(join(root, folder)).map((file) => read(`${folder}/${file}`));
  const used = texts.flatMap((text) => [...text.matchAll(/uses: (\S+)@\S+ # (\S+)/g)].map(([, ...it]) => it.join(" ")));
  return Promise.all(
    [...new Set(used)].sort().map(async (one) => {
      const [name, version] = one.split(" ");
      const words = ["ls-remote", "--tags", "--refs", `https://github.com/${name}`];
      const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
      const { code, stdout } = await run("git", words, { timeout: 30_000, env });
      const tags = [...stdout.matchAll(/refs\/tags\/(v\d+\.\d+\.\d+)$/gm)].map(([, tag]) => tag);
      return row("action", name, version, code === 0 ? newestLike(version, tags) : unanswered);
    }),
  );
}

async function json(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(15_000) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

function read(file) {
  return readFileSync(join(root, file), "utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => versions(process.argv.slice(2)));
