// Plays one scenario on the page of a gateway: drive.js SCENARIO ADDRESS [WORD...]
//
// It says what goes wrong on stdout and ends with 1. A line that begins with `>` is an order to the test
// that has started it, which answers when it has obeyed.

import { openBrowser } from "./browser.js";
import * as calling from "./calling.js";
import * as devices from "./devices.js";
import * as forms from "./forms.js";
import * as looks from "./looks.js";
import * as watching from "./watching.js";

const [, , name, address, ...words] = process.argv;
const camel = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const scenario = { ...calling, ...devices, ...forms, ...looks, ...watching }[camel];

const browser = await openBrowser(address);
try {
  await scenario(browser, ...words);
  browser.complaints.forEach((complaint) => console.log(complaint));
  process.exitCode = browser.complaints.length > 0 ? 1 : 0;
} catch (error) {
  console.log(error.stack);
  console.log(await browser.state());
  process.exitCode = 1;
}
await browser.close();
process.stdin.unref();
