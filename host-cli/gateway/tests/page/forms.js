// The forms that are made from types.

import assert from "node:assert/strict";
import { call, opened, says } from "./browser.js";

export async function everyTypeHasAFormThatGivesItsValue(browser) {
  const page = await browser.open();
  const row = await opened(page, "parts");
  await row.getByLabel("flag", { exact: true }).check();
  await row.getByLabel("letter", { exact: true }).fill("é");
  await row.getByLabel("text", { exact: true }).fill('"quoted" \\ text');
  await row.getByLabel("From a file").setInputFiles({ name: "key", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255, 16]) });
  await row.getByLabel("name", { exact: true }).check();
  await row.getByLabel("value of name").fill("Ada");
  for (const [index, sample] of ["1.5", "nan", "7"].entries()) {
    await row.getByRole("group", { name: /^samples/ }).getByRole("button", { name: "Add" }).click();
    await row.getByLabel(`samples ${index + 1}`, { exact: true }).fill(sample);
  }
  await row.getByRole("button", { name: "Remove samples 3" }).click();
  await row.getByLabel("low", { exact: true }).fill("7");
  await row.getByLabel("value", { exact: true }).fill("65535");
  await row.getByLabel("counts", { exact: true }).check();
  await row.getByLabel("pair 1").fill("9");
  await row.getByRole("button", { name: "Add to labels" }).click();
  await row.getByLabel("key 1").fill("left");
  await row.getByLabel("value 1").fill("200");
  const output = await call(row);
  const expected = {
    flag: "true",
    letter: "é",
    text: '"quoted" \\ text',
    key: "0x00ff10 (3 bytes)",
    name: "Ada",
    samples: "[1.5, nan]",
    pair: "(9, false)",
    low: "7",
    value: "65535",
    counts: "true",
    left: "200",
  };
  for (const [name, text] of Object.entries(expected)) {
    const entry = output.locator("dl > div", { has: page.locator(`> dt:text-is("${name}")`) });
    assert.equal(await entry.locator("> dd").first().innerText(), text, name);
  }
  await row.getByLabel("text", { exact: true }).fill("longer than sixteen");
  await row.getByRole("button", { name: "Call", exact: true }).click();
  await row.getByText("At most 16 bytes fit, and these are 19.").waitFor();
}

export async function aVariantWithDataBringsItsFields(browser) {
  const page = await browser.open();
  const row = await opened(page, "paint");
  const output = await call(row);
  await says(output, "Green");
  await says(output, "Like grass.");
  await row.getByLabel("colour").selectOption("Green");
  await row.getByLabel("figure").selectOption("Dot");
  await row.getByLabel("x", { exact: true }).fill("-5");
  await row.getByLabel("y", { exact: true }).fill("6");
  await call(row);
  await says(output, "Dot");
  await says(output, "-5");
  await row.getByLabel("figure").selectOption("Span");
  assert.equal(await row.getByLabel("x", { exact: true }).count(), 0, "the fields are those of the chosen variant");
  await row.getByLabel("Span 2").fill("3");
  await call(row);
  await says(output, "Span(0, 3)");
}
