// Devices that come and go, and their blocks.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { call, opened, says, until } from "./browser.js";

export async function aDeviceThatIsUnpluggedComesBack(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("8");
  await says(await call(row), "4");
  const measured = await opened(page, "measured");
  await measured.getByRole("button", { name: "Watch" }).click();
  const tally = measured.getByText(/^\d+ events/);
  await tally.waitFor();
  const state = page.locator(".device .state");
  await says(state, "present");
  await browser.order("pull out bench");
  await says(state, "absent");
  await says(page.locator("#announcements"), "bench is absent.");
  await says(await call(row), "It never ran.");
  const before = await tally.innerText();
  await browser.order("plug in bench");
  await says(state, "present");
  assert.equal(await row.getByLabel("number").inputValue(), "8", "what was filled in stays");
  await until(async () => parseInt(await tally.innerText()) > parseInt(before), "events go on");
  await says(tally, "and perhaps others while the device was away");
  await says(await call(row), "4");
}

export async function aGatewayThatStartsAgainIsFoundAgain(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("8");
  const counting = await opened(page, "count");
  await browser.order("kill the gateway");
  await says(page.locator("#connection"), "The gateway does not answer.");
  const output = await call(counting);
  await says(output, "The gateway did not answer.");
  await says(output, "Its outcome is unknown: it may have run, once.");
  await browser.order("start the gateway");
  await until(async () => (await page.locator("#connection").innerText()) === "");
  await says(await call(row), "4");
}

export async function theTokenIsAskedForOnce(browser, token) {
  const page = await browser.open({ heading: null });
  const dialog = page.getByRole("dialog", { name: "This gateway asks for a token" });
  await dialog.getByLabel("Token").fill("wrong");
  await page.keyboard.press("Enter");
  await says(dialog, "That was not it.");
  await dialog.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("8");
  await says(await call(row), "4");
  assert.equal(await dialog.count(), 0);
}

export async function aSecondDeviceComes(browser) {
  const page = await browser.open();
  const lamp = page.getByRole("navigation", { name: "Devices" }).getByRole("link", { name: /^lamp/ });
  await says(lamp, "absent");
  await browser.order("plug in lamp");
  await says(page.locator("#announcements"), "lamp is present.");
  await lamp.click();
  await page.getByRole("heading", { level: 2, name: "lamp" }).waitFor();
  const row = await opened(page, "add");
  await row.getByLabel("x", { exact: true }).fill("2");
  await row.getByLabel("y", { exact: true }).fill("3");
  await says(await call(row), "5");
  await page.goBack();
  await page.getByRole("heading", { level: 2, name: "bench" }).waitFor();
}

export async function aBlockGoesDownAndUp(browser) {
  const page = await browser.open();
  await page.getByText("Blocks", { exact: true }).click();
  const data = page.locator(".blocks li", { hasText: "data" });
  const download = async () => {
    const [saved] = await Promise.all([page.waitForEvent("download"), data.getByRole("button", { name: "Download data" }).click()]);
    return readFile(await saved.path());
  };
  assert.equal((await download()).length, 20_000);
  const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 31) % 251));
  let progress = 0;
  await page.exposeFunction("progressed", (value, max) => {
    progress += value > 0 && value < max ? 1 : 0;
  });
  await page.evaluate(() => {
    new MutationObserver(() => {
      const bar = document.querySelector(".blocks progress");
      bar?.hasAttribute("value") && window.progressed(bar.value, bar.max);
    }).observe(document.querySelector(".blocks"), { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await data.getByLabel("Upload a file to data").setInputFiles({ name: "new.bin", mimeType: "application/octet-stream", buffer: bytes });
  await says(data, "58.6 KiB written.");
  assert.ok(progress > 0, "the bytes that have arrived are shown on the way");
  assert.deepEqual(await download(), bytes);
  await says(data, "58.6 KiB, room for 64.0 KiB");
  await data.getByLabel("Upload a file to data").setInputFiles({ name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(70_000) });
  await says(data, "data has room for 65536 bytes, and large.bin has 70000.");
  const fixed = page.locator(".blocks li", { hasText: "fixed" });
  await until(async () => (await fixed.count()) === 1);
  assert.equal(await fixed.getByLabel(/Upload/).count(), 0, "it can only be read");
}
