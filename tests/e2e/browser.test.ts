// Requires: pulumi, engine, shared-platform, browser.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { createUser, found, newName } from "../../acceptance/flow.ts";
import { startBrowser } from "./support/browser.ts";
import type { Clone } from "./support/clone.ts";
import type { OwnEngine } from "./support/own-engine.ts";
import { SharedPlatform } from "./support/shared-platform.ts";
import { services } from "./support/parts.ts";
import { within } from "../support/limits.ts";

describe("In a browser", () => {
  let platform: SharedPlatform;
  let engine: OwnEngine;
  let clone: Clone;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async () => {
    browser = await startBrowser();
    platform = await SharedPlatform.get();
    ({ engine, clone } = platform);
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
  });

  afterEach(async () => {
    // As on a phone: nothing to scroll sideways to.
    const wide = await page.evaluate<boolean>("document.documentElement.scrollWidth > window.innerWidth");
    await page.close();
    assert.deepEqual([wide, errors], [false, []]);
  });

  after(async () => {
    await browser.close();
    await platform.restore();
  });

  const addresses = (front: string) => [
    clone.url("http", `/${front}/`),
    `http://${front}.localhost:${String(clone.ports.http)}/`,
  ];

  it("keeplounge makes members, at its path and at its own host", async () => {
    for (const address of addresses("keeplounge")) {
      await page.goto(address);
      const name = newName();
      await page.getByLabel("Name").fill(name);
      await page.getByLabel("Email").fill("ann@example.org");
      await page.getByRole("button", { name: "Join" }).click();
      await page.getByText(`Welcome, ${name}!`).waitFor();
      await found(clone.url("http", ""), name);
    }
  });

  it("keepwww finds them, at its path and at its own host", async () => {
    const { id, name } = await createUser(clone.url("http", ""), newName());
    await found(clone.url("http", ""), name);
    for (const address of addresses("keepwww")) {
      await page.goto(address);
      await page.getByLabel("Name").pressSequentially(name.slice(0, -2));
      await page.getByText(`${name} (member ${String(id)})`).waitFor();
      await page.getByLabel("Name").fill("nobody of that name");
      await page.getByText("Nobody of that name.").waitFor();
    }
  });

  it("a front end's address without its last slash leads to it", async () => {
    await page.goto(clone.url("http", "/keepwww?q=1"));
    assert.equal(page.url(), clone.url("http", "/keepwww/?q=1"));
  });

  it("the status page shows every service with its instances, and what happens to them, by itself", async () => {
    await page.goto(clone.url("status", "/"));
    await page.getByText(`All ${String(services.length)} services are well.`).waitFor();
    for (const name of services) {
      const section = page.locator("section", { has: page.getByRole("heading", { name }) });
      await section.getByText("passing").waitFor();
      await section.getByText(`mia-dev-${name}`).waitFor();
      await section.getByText(/^10\.214\.\d+\.\d+:(3000|80)$/).waitFor();
      assert.match((await section.locator("time").textContent()) ?? "", /^for \d+ (s|min|h)$/);
    }
    const user = page.locator("section", { has: page.getByRole("heading", { name: "user" }) });
    // Out of its database: its check says so.
    await engine.docker("stop", "mia-dev-db");
    await page.getByText("Not well: user.").waitFor({ timeout: within.reaction * 1000 });
    await user.getByText("critical").waitFor();
    await user.getByText("503").waitFor();
    await engine.docker("start", "mia-dev-db");
    await page.getByText(`All ${String(services.length)} services are well.`).waitFor({ timeout: within.start * 1000 });
    // And away altogether.
    await engine.docker("stop", await engine.container("user"));
    await user.getByText("no instance").waitFor({ timeout: within.reaction * 1000 });
    await engine.docker("start", await engine.container("user"));
    await page.getByText(`All ${String(services.length)} services are well.`).waitFor({ timeout: within.start * 1000 });
    assert.match((await user.locator("time").textContent()) ?? "", /^for \d+ s$/);
    await engine.docker("stop", "mia-dev-consul");
    await page
      .getByText("Consul does not answer: this is what it said last.")
      .waitFor({ timeout: within.reaction * 1000 });
    await engine.docker("start", "mia-dev-consul");
    await page.getByText(`All ${String(services.length)} services are well.`).waitFor({ timeout: within.start * 1000 });
    if (process.env["MIA_SCREENSHOT"] !== undefined) await page.screenshot({ path: process.env["MIA_SCREENSHOT"] });
  });
});
