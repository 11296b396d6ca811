// Whether a stack's file can be read: says in one sentence why not, where it can't.

import { ConfigError } from "../platform/problem.ts";
import { readStackFiles } from "../platform/stack-file.ts";
import { root } from "./steps.mjs";

try {
  readStackFiles(root, process.argv[2] ?? "dev");
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
