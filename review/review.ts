// What a pull request changes, stack by stack, as Markdown, and whether it may: `npm run review`.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "../toolchain/arguments.mjs";
import { main, SetupError } from "../toolchain/steps.mjs";
import { changesOfTexts } from "./changes.ts";
import { comment, type Reviewed, wholeText } from "./comment.ts";
import { brokenPolicies, policies } from "./policies.ts";
import { preview, runningStacks } from "./preview.ts";
import { baseCommit, type Text, textsHere, textsOf, trackedStacks } from "./texts.ts";

const usage = "npm run review -- --base REF [--stack NAME ...] [--policy NAME ...] [--output FOLDER [--link URL]]";

async function review(args: string[]): Promise<number> {
  const { base, stack: stacks = trackedStacks(), policy = [], output, link } = read(args);
  const names = policy.map(knownPolicy);
  const commit = baseCommit(base);
  const [before, after, running] = await Promise.all([
    textsOf(commit, stacks),
    textsHere(stacks),
    // As set by toolchain/review.mjs where the user has a backend.
    process.env["MIA_REVIEW_BACKEND"] === "1" ? runningStacks() : new Set<string>(),
  ]);
  const reviewed: Reviewed[] = [];
  // One after the other: each preview asks an engine.
  for (const [i, stack] of stacks.entries()) {
    const texts = [before[i], after[i]] as [Text, Text];
    reviewed.push(await reviewOf(stack, texts, { commit, isRunning: running.has(stack), names }));
  }
  const whole = wholeText(reviewed);
  if (output === undefined) process.stdout.write(whole);
  else {
    mkdirSync(output, { recursive: true });
    writeFileSync(join(output, "whole.md"), whole);
    writeFileSync(join(output, "comment.md"), comment(reviewed, link ?? `all of it is in ${join(output, "whole.md")}`));
  }
  const wrong = reviewed.flatMap(({ stack, changes, broken }) =>
    ["refusal" in changes ? changes.refusal : [], ...broken].flat().map((sentence) => `✘ ${stack}: ${sentence}\n`),
  );
  for (const sentence of new Set(wrong)) process.stderr.write(sentence);
  return wrong.length === 0 ? 0 : 1;
}

async function reviewOf(
  stack: string,
  [before, after]: readonly [Text, Text],
  { commit, isRunning, names }: { commit: string; isRunning: boolean; names: (keyof typeof policies)[] },
): Promise<Reviewed> {
  const source = isRunning ? "preview of what runs" : `compared with ${commit.slice(0, 9)}`;
  // What the program refuses, no preview can show.
  const refused = "refusal" in after ? after : "refusal" in before && !isRunning ? before : undefined;
  if (refused !== undefined) return { stack, source, changes: refused, broken: [] };
  const [was, is] = [before, after].map((text) => ("text" in text ? text.text : ""));
  const changes = isRunning ? await preview(stack) : changesOfTexts(was ?? "", is ?? "");
  return { stack, source, changes, broken: brokenPolicies(names, was ?? "", is ?? "") };
}

function read(args: string[]) {
  const options = {
    base: { type: "string" },
    stack: { type: "string", multiple: true },
    policy: { type: "string", multiple: true },
    output: { type: "string" },
    link: { type: "string" },
  } as const;
  const { base, ...values } = parse(args, options, usage).values;
  if (base === undefined) throw new SetupError(`--base: got nothing, need a commit or branch. Usage: ${usage}`);
  return { base, ...values };
}

function knownPolicy(name: string): keyof typeof policies {
  if (Object.hasOwn(policies, name)) return name as keyof typeof policies;
  throw new SetupError(`--policy: got ${JSON.stringify(name)}, need ${Object.keys(policies).join(", ")}.`);
}

await main(() => review(process.argv.slice(2)));
