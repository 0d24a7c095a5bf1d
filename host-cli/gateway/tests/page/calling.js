// Calls, and how they end.

import assert from "node:assert/strict";
import { call, opened, says, until } from "./browser.js";

export async function aCallShowsItsValue(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("84");
  await says(await call(row), "42");
}

export async function aNumberOutOfRangeIsToldInWordsAndNotSent(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  let sent = 0;
  page.on("request", (request) => {
    sent += request.method() === "POST" ? 1 : 0;
  });
  const number = row.getByLabel("number");
  for (const text of ["65536", "-1", "2.5", "many", ""]) {
    await number.fill(text);
    await row.getByRole("button", { name: "Call", exact: true }).click();
    await says(row.getByText("Expected an integer from 0 to 65535 (u16)"), text === "" ? "nothing" : text);
    assert.equal(await number.getAttribute("aria-invalid"), "true");
    assert.ok(await number.evaluate((node) => node === document.activeElement), "the wrong field has the focus");
  }
  await number.fill("0x10");
  await says(await call(row), "8");
  assert.equal(sent, 1);
}

export async function integersAreExactBeyond53Bits(browser) {
  const page = await browser.open();
  const row = await opened(page, "numbers");
  const given = {
    small: "-128",
    wide: "18446744073709551615",
    lowest: "-9223372036854775807",
    widest: "-170141183460469231731687303715884105728",
    single: "1.1",
    double: "-2.5e-7",
  };
  for (const [name, text] of Object.entries(given)) {
    await row.getByLabel(name, { exact: true }).fill(text);
  }
  const output = await call(row);
  for (const text of Object.values(given)) {
    await says(output, text);
  }
  await row.getByLabel("wide", { exact: true }).fill("18446744073709551616");
  await row.getByLabel("single").fill("1e39");
  await row.getByRole("button", { name: "Call", exact: true }).click();
  await row.getByText("Expected an integer from 0 to 18446744073709551615 (u64), got “18446744073709551616”.").waitFor();
  await row.getByText("Expected a number, nan, inf or -inf (f32), got “1e39”.").waitFor();
}

export async function anErrorOfTheProcedureIsInWords(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("3");
  const output = await call(row);
  await says(output, "NotEven");
  await says(output, "An odd number has no half.");
}

export async function anUnknownOutcomeIsSaidWithItsHint(browser) {
  const page = await browser.open();
  await page.getByLabel("Time limit in s").fill("0.2");
  const output = await call(await opened(page, "rest"));
  await says(output, "Its outcome is unknown: it may have run, once.");
  await says(output, "Hint:");
}

export async function anIdempotentCallRepeatsAndItsValueIsPlotted(browser) {
  const page = await browser.open();
  const row = await opened(page, "halve");
  await row.getByLabel("number").fill("6");
  await row.getByLabel("every").fill("0.1");
  await row.getByRole("button", { name: "Repeat" }).click();
  const line = row.locator(".plot polyline");
  await until(async () => ((await line.getAttribute("points")) ?? "").split(" ").length >= 4);
  await row.getByRole("button", { name: "Stop" }).click();
  const counting = await opened(page, "count");
  assert.equal(await counting.getByRole("button", { name: "Repeat" }).count(), 0, "each call of it counts");
}

export async function aStreamFillsATable(browser) {
  const page = await browser.open();
  const row = await opened(page, "countdown");
  await row.getByLabel("from").fill("30");
  await row.getByRole("button", { name: "Fetch" }).click();
  await says(row.getByRole("status"), "That is all.");
  await row.getByText("31 items", { exact: true }).waitFor();
  assert.equal(await row.locator("tbody tr").count(), 31);
  assert.deepEqual(await row.locator("tbody tr").last().locator("td").allInnerTexts(), ["0", "true"]);
}

export async function aFeedTakesItemsFromAFormAndFromAFile(browser) {
  const page = await browser.open();
  const row = await opened(page, "sum");
  await row.getByLabel("more").fill("10");
  for (const [index, number] of ["5", "-3"].entries()) {
    await row.getByRole("button", { name: "Add" }).click();
    await row.getByLabel(`numbers ${index + 1}`, { exact: true }).fill(number);
  }
  await says(await call(row), "22");
  const lines = Array.from({ length: 500 }, (_, index) => `${index}\n`).join("");
  await row.getByLabel("or from a file").setInputFiles({ name: "numbers.jsonl", mimeType: "application/jsonl", buffer: Buffer.from(lines) });
  await says(await call(row), "129772");
}
