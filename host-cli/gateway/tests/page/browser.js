// Chromium, and the page of the gateway in it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";

/** Longer than anything takes, on any machine. */
const PATIENCE = 60_000;

// It must ask nobody but the gateway for anything.
const FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** Starts Chromium. */
export async function openBrowser(address) {
  const folder = await mkdtemp(path.join(tmpdir(), "serial-rpc-page-"));
  const options = { executablePath: "/usr/bin/chromium", args: FLAGS.split(" "), acceptDownloads: true };
  const context = await chromium.launchPersistentContext(folder, { ...options, headless: true });
  const orders = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const complaints = [];
  let page = null;
  return { complaints, open, order, state, close };

  /** Opens the page, as the looks say: the size of the window, dark or light. */
  async function open({ width = 1280, height = 900, colorScheme = "light", device = "bench", heading = device } = {}) {
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => complaints.push(`the page failed: ${error.stack}`));
    page.on("console", (message) => message.text().includes("Content Security Policy") && complaints.push(message.text()));
    page.on("request", (request) => isForeign(request.url(), address) && complaints.push(`a foreign address: ${request.url()}`));
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(`${address}#${device}`);
    if (heading) {
      await page.getByRole("heading", { level: 2, name: heading }).waitFor();
    }
    return page;
  }

  /** Has the test do something to the devices. */
  async function order(words) {
    console.log(`> ${words}`);
    assert.equal((await orders.next()).value, "done");
  }

  async function state() {
    const texts = page ? await page.locator(".outcome, .mistake, [role=status]").allInnerTexts() : [];
    return `The page said:\n${texts.filter((text) => text !== "").join("\n")}`;
  }

  async function close() {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a procedure by its name, and returns its row. */
export async function opened(page, name) {
  const row = page.locator("details.procedure", { has: page.locator(`summary b:text-is("${name}")`) }).first();
  await row.locator("summary").first().click();
  return row;
}

/** Presses the button that calls, and waits for how it ends. */
export async function call(row) {
  const output = row.locator(".outcome");
  const [before] = await output.elementHandles();
  await row.getByRole("button", { name: "Call", exact: true }).click();
  await until(async () => (await output.count()) > 0 && (!before || !(await before.evaluate((node) => node.isConnected))));
  return output;
}

/** Waits until something is so. */
export async function until(isSo, what = String(isSo)) {
  const end = Date.now() + PATIENCE;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `it never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until an element has that text somewhere. */
export function says(locator, text) {
  return until(async () => (await locator.allInnerTexts()).join("\n").includes(text), `“${text}”`);
}

function isForeign(url, address) {
  return !url.startsWith(address) && !url.startsWith("blob:") && !url.startsWith("data:");
}
