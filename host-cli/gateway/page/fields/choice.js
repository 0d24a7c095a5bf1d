// Controls for one of several: true or false, the variants of an enum, an option.

import { element, freshId, replace } from "../element.js";
import { leaf } from "./leaf.js";

/** Makes a control for true or false. */
export function booleanField(type, label) {
  const control = element("input", { type: "checkbox" });
  const made = leaf({ label, control, hint: type.name, read: () => String(control.checked) });
  made.node.classList.add("check");
  return made;
}

/** Makes a menu of an enum's variants, with a field for what the chosen one holds. */
export function enumField(type, label, make) {
  const control = element(
    "select",
    { change: choose },
    type.variants.map((variant, index) => element("option", { value: index }, variant.name)),
  );
  const doc = element("span", { class: "hint" });
  const place = element("div", { class: "nested" });
  const menu = leaf({ label, control, hint: type.name, beside: doc, read: () => JSON.stringify(chosen().name) });
  let content = null;
  choose();
  return { node: element("div", { class: "choice" }, menu.node, place), json };

  function chosen() {
    return type.variants[control.selectedIndex];
  }

  function choose() {
    const variant = chosen();
    doc.textContent = variant.doc;
    content = variant.content ? make(variant.content, variant.name) : null;
    replace(place, content?.node);
    place.hidden = content === null;
  }

  function json() {
    const name = menu.json();
    return content ? `{${name}: ${content.json()}}` : name;
  }
}

/** Makes a box to tick for an option, and a field for what it may hold. */
export function optionField(type, label, make) {
  const id = freshId();
  const box = element("input", { type: "checkbox", id, change: toggle });
  const place = element("div", { class: "nested", hidden: true });
  let content = null;
  const node = element(
    "div",
    { class: "choice" },
    element("div", { class: "field check" }, element("label", { for: id }, label), element("div", { class: "control" }, box, element("span", { class: "hint" }, "give a value"))),
    place,
  );
  return { node, json: () => (box.checked ? content.json() : "null") };

  function toggle() {
    content ??= make(type.inner, `value of ${label}`);
    replace(place, content.node);
    place.hidden = !box.checked;
  }
}
