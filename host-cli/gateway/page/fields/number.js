// Controls for numbers: exact for integers of any width.

import { element } from "../element.js";
import { Wrong, leaf } from "./leaf.js";

/** Makes a control for an integer. */
export function integerField(type, label) {
  const control = element("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    spellcheck: "false",
    value: String(type.min > 0n ? type.min : 0n),
    keydown: (event) => step(event, type),
  });
  const range = type.min === null ? "" : `${type.min} to ${type.max}`;
  return leaf({ label, control, hint: [type.name, range].filter(Boolean).join(", "), read: () => integerIn(control.value, type) });
}

/** Makes a control for a floating-point number. */
export function floatField(type, label) {
  const control = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: "0" });
  return leaf({ label, control, hint: type.name, read: () => floatIn(control.value, type) });
}

/** Returns the integer in a text, as JSON; throws Wrong if it is none, or out of range. */
export function integerIn(text, type) {
  const number = readInteger(text);
  const isWithin = number !== null && (type.min === null || (number >= type.min && number <= type.max));
  if (!isWithin) {
    const range = type.min === null ? "" : ` from ${type.min} to ${type.max}`;
    throw new Wrong(`Expected an integer${range} (${type.name}), got ${shown(text)}.`);
  }
  // JSON's readers keep 64 bits; what is longer travels as text.
  return BigInt.asIntN(64, number) === number || BigInt.asUintN(64, number) === number ? `${number}` : `"${number}"`;
}

function readInteger(text) {
  const [, sign, digits] = /^\s*([-+]?)(0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*)\s*$/i.exec(text) ?? [];
  if (digits === undefined || digits.length > 200) {
    return null;
  }
  try {
    const magnitude = BigInt(digits.replaceAll("_", "").toLowerCase());
    return sign === "-" ? -magnitude : magnitude;
  } catch {
    return null;
  }
}

function floatIn(text, type) {
  const word = text.trim().toLowerCase();
  if (["nan", "inf", "-inf"].includes(word)) {
    return `"${word}"`;
  }
  const number = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(word) ? Number(word) : NaN;
  const isWithin = Number.isFinite(type.isSingle ? Math.fround(number) : number);
  if (!isWithin) {
    throw new Wrong(`Expected a number, nan, inf or -inf (${type.name}), got ${shown(text)}.`);
  }
  return Object.is(number, -0) ? "-0.0" : String(number);
}

/** Lets the arrow keys count, as in the browser's own fields for numbers. */
function step(event, type) {
  const change = { ArrowUp: 1n, ArrowDown: -1n }[event.key];
  const number = readInteger(event.target.value);
  if (change && number !== null) {
    event.preventDefault();
    const next = number + change;
    if (type.min === null || (next >= type.min && next <= type.max)) {
      event.target.value = String(next);
    }
  }
}

function shown(text) {
  return text.trim() === "" ? "nothing" : `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;
}
