// Controls for text, for a character, and for JSON as it is.

import { element } from "../element.js";
import { parse } from "../json.js";
import { Wrong, leaf } from "./leaf.js";

/** Makes a control for text. */
export function textField(type, label) {
  const control = element("textarea", { rows: "1", spellcheck: "false" });
  const hint = type.most === undefined ? type.name : `${type.name}, at most ${type.most} bytes`;
  return leaf({ label, control, hint, read });
  function read() {
    const length = new TextEncoder().encode(control.value).length;
    if (type.most !== undefined && length > type.most) {
      throw new Wrong(`At most ${type.most} bytes fit, and these are ${length}.`);
    }
    return JSON.stringify(control.value);
  }
}

/** Makes a control for one character. */
export function charField(type, label) {
  const control = element("input", { type: "text", autocomplete: "off", spellcheck: "false", class: "short" });
  return leaf({ label, control, hint: type.name, read });
  function read() {
    if ([...control.value].length !== 1) {
      throw new Wrong(`Expected one character, got ${[...control.value].length}.`);
    }
    return JSON.stringify(control.value);
  }
}

/** Makes a control for a value of a type that this page does not know. */
export function jsonField(type, label) {
  const control = element("textarea", { rows: "2", spellcheck: "false" }, "null");
  return leaf({ label, control, hint: type.name, read });
  function read() {
    try {
      parse(control.value);
    } catch (error) {
      throw new Wrong(`This is no JSON: ${error.message}.`);
    }
    return control.value;
  }
}
