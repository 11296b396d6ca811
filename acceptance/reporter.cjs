// Mocha's own report for people, and its own as JUnit XML beside it; a file tells how far the suite has come, so that one
// that had to be ended can say where it hung.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { MIA_ACCEPT_JUNIT: output, MIA_ACCEPT_PROGRESS: file } = process.env;
    this.junit = output && new reporters.XUnit(runner, { reporterOptions: { output, suiteName: "Acceptance" } });
    const progress = { passed: 0, failed: [], running: "the start", ended: false };
    const note = (change) => {
      Object.assign(progress, change);
      if (file) writeFileSync(file, JSON.stringify(progress));
    };
    runner.on("hook", (hook) => note({ running: hook.fullTitle() }));
    runner.on("test", (test) => note({ running: test.fullTitle() }));
    runner.on("pass", () => note({ passed: progress.passed + 1 }));
    runner.on("fail", (test) => note({ failed: [...progress.failed, test.fullTitle()] }));
    runner.on("end", () => note({ ended: true }));
  }

  done(failures, then) {
    if (this.junit) this.junit.done(failures, then);
    else then(failures);
  }
};
