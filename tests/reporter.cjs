// Mocha's own Spec, which also tells a failure at once (files that run at a time are shown when all have ended), and
// writes the counts into a file for the closing line of the test command.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on("fail", (test, error) => {
      process.stderr.write(`✘ ${test.fullTitle()}\n${String(error.stack ?? error)}\n`);
    });
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (process.env.MIA_TEST_COUNTS) {
        writeFileSync(process.env.MIA_TEST_COUNTS, JSON.stringify({ passed: passes, failed: failures }));
      }
    });
  }
};
