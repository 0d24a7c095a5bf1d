// Controls for structs and tuples: a group of fields.

import { element } from "../element.js";
import { prose } from "../prose.js";
import { all } from "./leaf.js";

/** Makes the fields of a struct. */
export function structField(type, label, make) {
  const fields = type.fields.map(({ name, type, doc }) => ({ name, doc, field: make(type, name) }));
  const rows = fields.map(({ doc, field }) => [doc && element("p", { class: "doc" }, prose(doc)), field.node]);
  return { node: group(label, type.name, rows), json };
  function json() {
    const texts = all(fields.map(({ field }) => field));
    return `{${fields.map(({ name }, index) => `${JSON.stringify(name)}: ${texts[index]}`).join(", ")}}`;
  }
}

/** Makes the fields of a tuple, which have numbers. */
export function tupleField(type, label, make) {
  const fields = type.parts.map((part, index) => make(part, `${label} ${index + 1}`));
  return { node: group(label, type.name, fields.map((field) => field.node)), json: () => `[${all(fields).join(", ")}]` };
}

/** Makes nothing to fill in, for a type with one value. */
export function unitField(type, label) {
  return { node: group(label, type.name, element("p", { class: "hint" }, "has one value only")), json: () => "null" };
}

/** Puts a frame with a title around fields. */
export function group(label, note, ...content) {
  const legend = element("legend", {}, label, " ", note && element("span", { class: "hint" }, note));
  return element("fieldset", {}, legend, content);
}
