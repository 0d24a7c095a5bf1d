// A control for bytes: as hexadecimal digits, or from a file.

import { element, unseen } from "../element.js";
import { Wrong, leaf } from "./leaf.js";

/** No call takes more: a frame has at most 64 KiB. */
const MOST = 65_536;

/** Makes a control for bytes. */
export function bytesField(type, label) {
  const most = Math.min(type.most ?? MOST, MOST);
  const control = element("textarea", { rows: "1", spellcheck: "false" }, "0x");
  const file = element("input", { type: "file", change: take });
  const chooser = element("label", { class: "file" }, "From a file", unseen(` for ${label}`), file);
  const hint = type.most === undefined ? "bytes, in hexadecimal" : `bytes, in hexadecimal, at most ${type.most}`;
  const made = leaf({ label, control, hint, read, beside: chooser });
  return made;

  function read() {
    const digits = control.value.replace(/^\s*0x/i, "").replace(/[\s_:]/g, "");
    if (!/^([0-9a-f]{2})*$/i.test(digits)) {
      throw new Wrong("Expected two hexadecimal digits for each byte, such as 0x00ff.");
    }
    if (digits.length / 2 > most) {
      throw new Wrong(`At most ${most} bytes fit, and these are ${digits.length / 2}.`);
    }
    return `"0x${digits.toLowerCase()}"`;
  }

  async function take() {
    const [chosen] = file.files;
    if (chosen) {
      const bytes = new Uint8Array(await chosen.slice(0, most + 1).arrayBuffer());
      control.value = `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
      control.dispatchEvent(new Event("input"));
    }
  }
}
