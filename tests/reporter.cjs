// Mocha's own Spec, which also writes the counts into a file for the closing line of the test command.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (process.env.MIA_TEST_COUNTS) {
        writeFileSync(process.env.MIA_TEST_COUNTS, JSON.stringify({ passed: passes, failed: failures }));
      }
    });
  }
};
