// Says something in a pull request, or says it anew where it has been said: `npm run review -- post`.

import { Octokit } from "@octokit/rest";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "../toolchain/arguments.mjs";
import { main, SetupError } from "../toolchain/steps.mjs";
import { longest, marker } from "./comment.ts";

const usage = "npm run review -- post --file FILE (--pull-request N | --head OWNER:BRANCH --commit SHA) [--as LOGIN]";

interface PullRequests {
  readonly github: Octokit;
  readonly owner: string;
  readonly repo: string;
}

async function post(args: string[]): Promise<void> {
  const { file, as = "github-actions[bot]", ...which } = read(args);
  const body = readFileSync(file, "utf8");
  // It may come from whoever opened the pull request.
  if (!body.startsWith(marker) || Buffer.byteLength(body) > longest) {
    throw new SetupError(`--file: got ${file}, need a comment.md as \`npm run review -- --output\` writes it.`);
  }
  const place = pullRequests();
  const number = which["pull-request"] === undefined ? await find(place, which) : Number(which["pull-request"]);
  if (number === undefined) {
    process.stderr.write("✔ No open pull request is at that commit any more: there is nobody to tell.\n");
    return;
  }
  const { github, ...repository } = place;
  const said = await github.paginate(github.rest.issues.listComments, { ...repository, issue_number: number });
  const mine = said.find((one) => one.user?.login === as && one.body?.startsWith(marker));
  if (mine === undefined) await github.rest.issues.createComment({ ...repository, issue_number: number, body });
  else if (mine.body !== body) await github.rest.issues.updateComment({ ...repository, comment_id: mine.id, body });
  process.stderr.write(
    `✔ Pull request ${String(number)} has it${mine === undefined ? "" : ", in the place of what was there"}.\n`,
  );
}

/** The open pull request whose head is at a commit: GitHub's word for it, not that of what the pull request has run. */
async function find(
  { github, ...repository }: PullRequests,
  { head = "", commit = "" }: Record<string, string | undefined>,
) {
  const open = await github.paginate(github.rest.pulls.list, { ...repository, state: "open", head });
  return open.find((one) => one.head.sha === commit)?.number;
}

/** As GitHub Actions tells it to every step. */
function pullRequests(): PullRequests {
  const {
    GITHUB_TOKEN: auth,
    GITHUB_REPOSITORY: name = "",
    GITHUB_API_URL: baseUrl = "https://api.github.com",
  } = process.env;
  const [owner, repo] = name.split("/");
  if (!auth) throw new SetupError("GITHUB_TOKEN: got nothing, need a token that may write pull requests' comments.");
  if (!owner || !repo) throw new SetupError(`GITHUB_REPOSITORY: got ${JSON.stringify(name)}, need OWNER/NAME.`);
  return { github: new Octokit({ auth, baseUrl }), owner, repo };
}

function read(args: string[]) {
  const text = { type: "string" } as const;
  const options = { file: text, "pull-request": text, head: text, commit: text, as: text };
  const refuse = (why: string) => new SetupError(`${why} Usage: ${usage}`);
  const { file, ...values } = parse(args, options, usage).values;
  if (file === undefined || !existsSync(file)) throw refuse(`--file: got ${file ?? "nothing"}, need a file.`);
  const number = values["pull-request"];
  if (number !== undefined && !/^[1-9]\d*$/.test(number)) throw refuse(`--pull-request: got ${number}, need a number.`);
  if (number === undefined && !(values.head && values.commit))
    throw refuse("Need --pull-request, or --head and --commit.");
  return { file, ...values };
}

await main(async () => {
  try {
    await post(process.argv.slice(2));
    return 0;
  } catch (error) {
    if (typeof (error as { status?: unknown }).status !== "number") throw error;
    throw new SetupError(`GitHub does not take it (${(error as Error).message}).`);
  }
});
