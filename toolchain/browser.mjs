// What only the tests need: a browser without a window.

import { installPackages, isDebian } from "./apt.mjs";
import { SetupError, setVariable, step, which } from "./steps.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Finds Chromium or Chrome, or installs Debian's; MIA_BROWSER says which it is, or names another. */
export async function browser(setup) {
  await step(setup, "Browser", async () => {
    if (setup.env.MIA_BROWSER) return `${setup.env.MIA_BROWSER} (MIA_BROWSER)`;
    if (find(setup) === undefined && isDebian() && process.getuid?.() === 0) {
      await installPackages(setup, "Chromium", ["chromium"]);
    }
    const found = find(setup);
    if (found === undefined) {
      throw new SetupError("The tests need Chromium or Chrome: install it, or let MIA_BROWSER name the program.");
    }
    setVariable(setup, "MIA_BROWSER", found);
    return found;
  });
}

function find(setup) {
  return names.map((name) => which(name, setup.env)).find((path) => path !== undefined);
}
