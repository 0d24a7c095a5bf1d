// The looks, the keyboard, accessibility, hostile text, and the picture for the README.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { call, opened, says, until } from "./browser.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export async function aCallNeedsTheKeyboardOnly(browser) {
  const page = await browser.open();
  await page.locator("summary b", { hasText: "halve" }).waitFor();
  const { keyboard } = page;
  await tabTo(page, "the search", (node) => node.type === "search");
  await keyboard.type("halve");
  await tabTo(page, "the procedure", (node) => node.localName === "summary" && node.textContent.includes("halve"));
  await keyboard.press("Enter");
  await tabTo(page, "the argument", (node) => node.labels?.[0]?.textContent === "number");
  await keyboard.press("Control+A");
  await keyboard.type("20");
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  const row = page.locator("details.procedure", { hasText: "halve" }).first();
  await says(row.locator(".outcome"), "11");
  assert.ok(await row.locator("[aria-live=polite] .outcome").isVisible(), "a screen reader says it");
  await keyboard.press("ArrowDown");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await says(row.locator(".outcome"), "10");
}

export async function thePageIsAccessibleInLightAndDark(browser) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.open({ colorScheme });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red] = ground.match(/\d+/g).map(Number);
    assert.ok(colorScheme === "dark" ? red < 64 : red > 192, `the ground is ${ground}`);
    const parts = await opened(page, "parts");
    await parts.getByLabel("name", { exact: true }).check();
    await parts.getByRole("button", { name: "Add to labels" }).click();
    await parts.getByRole("button", { name: "Call", exact: true }).click();
    const halve = await opened(page, "halve");
    await halve.getByLabel("number").fill("3");
    await call(halve);
    const measured = await opened(page, "measured");
    await measured.getByRole("button", { name: "Watch" }).click();
    await measured.getByRole("img").waitFor();
    const countdown = await opened(page, "countdown");
    await countdown.getByRole("button", { name: "Fetch" }).click();
    await says(countdown.getByRole("status"), "That is all.");
    await call(await opened(page, "count"));
    await page.getByText("Blocks", { exact: true }).click();
    await page.locator(".blocks li").first().waitFor();
    await page.getByText("Link", { exact: true }).click();
    await page.locator(".counters").first().waitFor();
    // By the debugger, which the page's policy does not bind.
    await page.evaluate(await readFile(AXE, "utf8"));
    const { violations } = await page.evaluate(() => window.axe.run());
    const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
    assert.deepEqual(found, [], colorScheme);
    await page.close();
  }
}

export async function nothingScrollsSidewaysAt360Pixels(browser) {
  const page = await browser.open({ width: 360, height: 740 });
  for (const name of ["numbers", "parts", "paint", "hostile", "countdown", "measured", "sum"]) {
    await opened(page, name);
  }
  await page.getByRole("button", { name: "Watch" }).click();
  await page.getByRole("button", { name: "Fetch" }).click();
  await page.getByRole("img", { name: /measured/ }).waitFor();
  for (const title of ["Blocks", "Link"]) {
    await page.getByText(title, { exact: true }).click();
  }
  await page.locator(".counters").first().waitFor();
  const wide = await page.evaluate(() => {
    const nodes = [...document.querySelectorAll("body *:not(.unseen)")].filter((node) => !node.closest(".scrolled, .skip"));
    const beyond = nodes.filter((node) => node.getBoundingClientRect().right > window.innerWidth + 0.5);
    return { width: document.documentElement.scrollWidth, beyond: beyond.map((node) => node.outerHTML.slice(0, 200)) };
  });
  assert.deepEqual(wide, { width: 360, beyond: [] });
}

export async function hostileTextStaysText(browser) {
  const page = await browser.open();
  const row = await opened(page, "hostile");
  await says(row, "<img src=x onerror=\"document.title='taken'\"><script>");
  await says(row, '<a href="javascript:');
  const output = await call(row);
  await says(output, "<b>bold</b>");
  assert.equal(await page.locator("main :is(img, script, b b, a[href^=javascript])").count(), 0);
  assert.equal(await page.title(), "bench · serial-rpc gateway");
  // Even if the page had a mistake, its policy would let no such script run.
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<p>taken</p>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused);
  browser.complaints.splice(0, browser.complaints.length, ...browser.complaints.filter((words) => !words.includes("TrustedHTML")));
}

/** Makes the picture for the README. */
export async function picture(browser, file) {
  const page = await browser.open({ width: 1160, height: 1060 });
  await page.getByText("Blocks", { exact: true }).click();
  const measured = await opened(page, "measured");
  await measured.getByRole("button", { name: "Watch" }).click();
  const say = await opened(page, "say");
  for (const [level, text] of [["Info", "the pump is on"], ["Debug", "3 of 4 samples taken"], ["Warn", "the tank is nearly empty"], ["Error", "the valve is stuck"]]) {
    await say.getByLabel("level").selectOption(level);
    await say.getByLabel("text").fill(text);
    await call(say);
  }
  const paint = await opened(page, "paint");
  await paint.getByLabel("figure").selectOption("Circle");
  await paint.getByLabel("Circle", { exact: true }).fill("2.5");
  await call(paint);
  const points = measured.locator(".plot polyline").first();
  await until(async () => ((await points.getAttribute("points")) ?? "").split(" ").length > 120);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: file });
}

/** Presses Tab until the focus is on what is looked for. */
async function tabTo(page, what, isIt) {
  for (let count = 0; count < 80; count += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(`(${isIt})(document.activeElement)`)) {
      return;
    }
  }
  assert.fail(`Tab never reaches ${what}`);
}
