// Keeps in a file how far the suite has come, so that one that had to be ended can say where it hung.
const { writeFileSync } = require("node:fs");

module.exports = class {
  constructor(runner) {
    const progress = { passed: 0, failed: [], running: "before the first test" };
    const note = (change) => {
      Object.assign(progress, change);
      if (process.env.MIA_ACCEPT_PROGRESS) writeFileSync(process.env.MIA_ACCEPT_PROGRESS, JSON.stringify(progress));
    };
    runner.on("hook", (hook) => note({ running: hook.fullTitle() }));
    runner.on("test", (test) => note({ running: test.fullTitle() }));
    runner.on("pass", () => note({ passed: progress.passed + 1 }));
    runner.on("fail", (test) => note({ failed: [...progress.failed, test.fullTitle()] }));
    runner.on("end", () => note({ running: "after the last test", ended: true }));
  }
};
