import { type Browser, chromium } from "playwright-core";

/** Chromium without a window, which speaks to nobody but the pages it is sent to. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["MIA_BROWSER"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
