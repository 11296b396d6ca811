// `npm run check`: format, lint, types, unused code and unit tests. Needs no engine.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { node } from "./node.mjs";
import { handOver, main, newSetup, own, run, say, time } from "./steps.mjs";

const tools = [
  ["format", "prettier", ["--check", "."]],
  ["lint", "eslint", ["--max-warnings", "0", "."]],
  ["types", "tsc", []],
  ["unused code", "knip", ["--no-progress"]],
];

/** Runs everything; each tool counts as one test. */
export async function check(setup) {
  const from = Date.now();
  const units = mocha(setup, "unit tests", ["tests/unit/**/*.test.ts"]);
  const results = await Promise.all(tools.map(([title, tool, args]) => runTool(setup, title, tool, args)));
  const total = add(await units, ...results);
  say(`check: ${time((Date.now() - from) / 1000)}`);
  return total;
}

async function runTool(setup, title, tool, args) {
  const { code, stdout, stderr } = await run(join("node_modules/.bin", tool), args, { env: setup.env });
  say(code === 0 ? `✔ ${title}` : `✘ ${title}\n${stdout}${stderr}`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

let interrupted = false;
const interrupt = () => {
  interrupted = true;
};

/** Runs mocha on some files, in the terminal. Ctrl-C reaches mocha too; whatever would come after that is not begun. */
async function mocha(setup, title, files) {
  if (interrupted) return { passed: 0, failed: 1 };
  const counts = join(own, `${title.replaceAll(/\W+/g, "-")}.json`);
  mkdirSync(own, { recursive: true });
  rmSync(counts, { force: true });
  const args = ["node_modules/mocha/bin/mocha.js", "--reporter", "tests/reporter.cjs", ...files];
  process.on("SIGINT", interrupt);
  const code = await handOver("node", args, {
    ...setup.env,
    PULUMI_ERROR_OUTPUT_STRING: "1",
    MIA_TEST_COUNTS: counts,
  });
  process.off("SIGINT", interrupt);
  try {
    return JSON.parse(readFileSync(counts, "utf8"));
  } catch {
    say(`✘ ${title}: mocha ended without results (exit ${code})`);
    return { passed: 0, failed: 1 };
  }
}

export function add(...results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}

/** The last line of every test command. */
export function conclude({ passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const setup = newSetup({ quiet: true });
    await node(setup);
    return conclude(await check(setup));
  });
}
