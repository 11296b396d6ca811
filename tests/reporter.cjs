// Mocha's own Spec report. It also prints a failure at once, and writes the counts and each file's times into a file,
// from which the test command makes its table and its last line.
const { writeFileSync } = require("node:fs");
const { basename } = require("node:path");
const { reporters } = require("mocha");
const { combine, spentSoFar } = require("./support/times.ts");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const files = {};
    let from;
    const isFile = (suite) => suite.parent?.root === true && suite.file !== undefined;
    runner.on("suite", (suite) => {
      if (isFile(suite)) from = spentSoFar();
    });
    runner.on("suite end", (suite) => {
      if (!isFile(suite)) return;
      const name = basename(suite.file, ".test.ts");
      const spent = combine(spentSoFar(), from, (now, before) => now - before);
      files[name] = files[name] === undefined ? spent : combine(files[name], spent, (a, b) => a + b);
      if (process.env.MIA_TEST_PROGRESS) process.stderr.write(`  ${name}: ${spent.seconds.toFixed(0)} s\n`);
      write();
    });
    runner.on("fail", (test, error) => {
      process.stderr.write(`✘ ${test.fullTitle()}\n${String(error.stack ?? error)}\n`);
    });
    runner.once("end", () => write(true));
    const write = (ended = false) => {
      if (!process.env.MIA_TEST_COUNTS) return;
      const { passes, failures } = this.stats;
      writeFileSync(process.env.MIA_TEST_COUNTS, JSON.stringify({ passed: passes, failed: failures, files, ended }));
    };
  }
};
