// What a device sends by itself: events and the log; and the counters of the link.

import assert from "node:assert/strict";
import { call, opened, says, until } from "./browser.js";

export async function thePlotOfAnEventMoves(browser) {
  const page = await browser.open();
  const row = await opened(page, "measured");
  await row.getByRole("button", { name: "Watch" }).click();
  await says(row.getByRole("status"), "Watching.");
  await row.getByText(/^\d+ events, none lost$/).waitFor();
  const level = row.locator(".plot polyline").first();
  await until(async () => ((await level.getAttribute("points")) ?? "").split(" ").length > 3);
  const before = await level.getAttribute("points");
  await until(async () => (await level.getAttribute("points")) !== before);
  assert.match(await row.getByRole("img").getAttribute("aria-label"), /level is [\d.]+/);
  await row.getByRole("button", { name: /^level/ }).click();
  await until(async () => (await level.getAttribute("points")) === "");
  await row.getByText("The last events").click();
  await until(async () => (await row.locator("tbody tr").count()) > 3);
  await row.getByRole("button", { name: "Stop" }).click();
  await says(row.getByRole("status"), "Stopped.");
  const stopped = await row.locator("tbody tr").count();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(await row.locator("tbody tr").count(), stopped);
}

export async function theLogShowsLevelsAndWhatWasLost(browser) {
  const page = await browser.open();
  const log = page.getByRole("log");
  await says(page.locator(".panel"), "Lines appear as the device logs them.");
  const row = await opened(page, "say");
  await row.getByLabel("level").selectOption("Warn");
  await row.getByLabel("text").fill("<b>it is warm</b>");
  await call(row);
  await says(log, "<b>it is warm</b>");
  assert.equal(await log.locator("p.warn .badge").innerText(), "Warn");
  await page.getByLabel("Up to").selectOption("Error");
  assert.equal(await log.locator("p.warn").isVisible(), false);
  await page.getByLabel("Up to").selectOption("Trace");
  await call(await opened(page, "chatter"));
  // Those that were lost are counted with the next that is not.
  await call(row);
  await until(async () => /\d+ lines were lost here/.test(await log.innerText()), "lost lines");
}

export async function theLinkHasItsCounters(browser) {
  const page = await browser.open();
  await page.getByText("Link", { exact: true }).click();
  const sent = page.locator("tr", { hasText: "frames sent" }).first().locator("td");
  await until(async () => Number(await sent.innerText()) > 0);
  const before = Number(await sent.innerText());
  await call(await opened(page, "count"));
  await until(async () => Number(await sent.innerText()) > before);
}
