// Controls for lists and maps: rows that can be added and removed.

import { button, element, unseen } from "../element.js";
import { Wrong, all } from "./leaf.js";
import { group } from "./group.js";
import { notation } from "../type.js";

/** Makes the rows of a list. */
export function listField(type, label, make) {
  const most = type.most ?? Infinity;
  const note = type.most === undefined ? notation(type) : `${notation(type)}, at most ${type.most}`;
  return rows(label, note, most, (number) => make(type.element, `${label} ${number}`), (texts) => `[${texts.join(", ")}]`);
}

/** Makes the rows of a map: a key and a value each. */
export function mapField(type, label, make) {
  return rows(label, notation(type), Infinity, entry, (texts) => `{${texts.join(", ")}}`);
  function entry(number) {
    const key = make(type.key, `key ${number}`);
    const value = make(type.value, `value ${number}`);
    return { node: element("div", { class: "entry" }, key.node, value.node), json };
    function json() {
      const [name, content] = all([key, value]);
      // A key is text in JSON, whatever its type.
      return `${name.startsWith('"') ? name : `"${name}"`}: ${content}`;
    }
  }
}

function rows(label, note, most, make, join) {
  const list = element("ol", { class: "rows" });
  const add = button(["Add", unseen(` to ${label}`)], () => append().querySelector("input, select, textarea, button").focus());
  const node = group(label, note, list, add);
  const fields = new Map();
  let made = 0;
  return { node, json: () => join(texts()), texts };

  function append() {
    made += 1;
    const field = make(made);
    const remove = button(["Remove", unseen(` ${label} ${made}`)], () => {
      fields.delete(row);
      row.remove();
      add.disabled = false;
      add.focus();
    });
    const row = element("li", {}, field.node, remove);
    fields.set(row, field);
    list.append(row);
    add.disabled = fields.size >= most;
    return row;
  }

  /** Returns each row as JSON. */
  function texts() {
    const texts = all([...fields.values()]);
    const keys = texts.map((text) => /^"(?:[^"\\]|\\.)*"(?=: )/.exec(text)?.[0]);
    const again = keys.findIndex((key, index) => key && keys.indexOf(key) < index);
    if (again >= 0) {
      throw new Wrong("This key is there twice.", [...fields.keys()][again].querySelector("input, textarea, select"));
    }
    return texts;
  }
}
