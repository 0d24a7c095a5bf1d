// A control for one value: its label, its hint, and what is wrong with it, in words.

import { element, freshId } from "../element.js";

/** What somebody typed is no value of its type. */
export class Wrong extends Error {
  constructor(message, control) {
    super(message);
    this.control = control;
  }
}

/**
 * Puts a label, a hint and a place for mistakes around a control. `read` returns the value as JSON
 * text, or throws Wrong.
 */
export function leaf({ label, control, hint = "", read, beside = [] }) {
  const id = freshId();
  control.id = id;
  const note = element("span", { class: "hint", id: `${id}-hint` }, hint);
  const mistake = element("p", { class: "mistake", id: `${id}-mistake`, hidden: true });
  control.setAttribute("aria-describedby", `${id}-hint ${id}-mistake`);
  function say(message) {
    mistake.textContent = message;
    mistake.hidden = message === "";
    control.setAttribute("aria-invalid", String(message !== ""));
  }
  control.addEventListener("input", () => say(""));
  const node = element(
    "div",
    { class: "field" },
    element("label", { for: id }, label),
    element("div", { class: "control" }, control, beside, hint && note),
    mistake,
  );
  function json() {
    try {
      const text = read();
      say("");
      return text;
    } catch (wrong) {
      say(wrong.message);
      throw new Wrong(wrong.message, control);
    }
  }
  return { node, json };
}

/** Returns the JSON of all fields. All are read, so that every mistake shows; the first is thrown. */
export function all(fields) {
  let first = null;
  const texts = fields.map((field) => {
    try {
      return field.json();
    } catch (wrong) {
      first ??= wrong;
      return "";
    }
  });
  if (first) {
    throw first;
  }
  return texts;
}
