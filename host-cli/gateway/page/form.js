// The form of a procedure: a field for each argument, by its type.

import { element } from "./element.js";
import { bytesField } from "./fields/bytes.js";
import { booleanField, enumField, optionField } from "./fields/choice.js";
import { structField, tupleField, unitField } from "./fields/group.js";
import { Wrong, all } from "./fields/leaf.js";
import { floatField, integerField } from "./fields/number.js";
import { listField, mapField } from "./fields/rows.js";
import { charField, jsonField, textField } from "./fields/text.js";

const FIELDS = {
  boolean: booleanField,
  integer: integerField,
  float: floatField,
  char: charField,
  text: textField,
  bytes: bytesField,
  option: optionField,
  unit: unitField,
  list: listField,
  tuple: tupleField,
  map: mapField,
  struct: structField,
  enum: enumField,
  json: jsonField,
};

/** Makes a field for a value of a type. */
export function fieldOf(type, label) {
  return FIELDS[type.kind](type, label, fieldOf);
}

/**
 * Makes a form of arguments. `send` gets them as the text of a JSON array once all are right; until
 * then, the first that is not has the focus. It is not sent again before `send` has ended; the button keeps
 * the focus meanwhile.
 */
export function argumentsForm(args, send, [primary, ...others]) {
  const fields = args.map(({ name, type }) => fieldOf(type, name));
  const node = element("form", { novalidate: true, submit }, fields.map((field) => field.node), element("div", { class: "buttons" }, primary, others));
  return { node, json };

  async function submit(event) {
    event.preventDefault();
    const text = primary.ariaDisabled === "true" ? null : json();
    if (text !== null) {
      primary.ariaDisabled = "true";
      await send(text);
      primary.ariaDisabled = "false";
    }
  }

  /** Returns the arguments, or null if one is wrong. */
  function json() {
    try {
      return `[${all(fields).join(", ")}]`;
    } catch (wrong) {
      if (!(wrong instanceof Wrong)) {
        throw wrong;
      }
      wrong.control?.focus();
      return null;
    }
  }
}
