// Shows values by their types.

import { element } from "./element.js";
import { notation } from "./type.js";

/** Longer lists are cut short, and say so. */
export const MOST_ROWS = 200;

/** Returns an element that shows a value. */
export function shown(value, type) {
  switch (type.kind) {
    case "struct":
      return table(type.fields.map(({ name, type }) => [name, shown(value?.[name], type)]));
    case "map":
      return table(Object.entries(value ?? {}).map(([key, part]) => [key, shown(part, type.value)]));
    case "tuple":
      return isFlat(type) ? words(plain(value, type)) : list(value, (index) => type.parts[index]);
    case "list":
      return listed(value ?? [], type);
    case "option":
      return value === null ? words("none") : shown(inOption(value, type), type.inner);
    case "enum":
      return variantShown(value, type);
    case "text":
      return value === "" ? words("empty") : element("span", { class: "text" }, String(value));
    default:
      return words(plain(value, type));
  }
}

/** Returns a value on one line. */
export function plain(value, type) {
  switch (type.kind) {
    case "unit":
      return "done";
    case "option":
      return value === null ? "none" : plain(inOption(value, type), type.inner);
    case "struct":
      return `{ ${type.fields.map(({ name, type }) => `${name}: ${plain(value?.[name], type)}`).join(", ")} }`;
    case "map":
      return `{ ${Object.entries(value ?? {}).map(([key, part]) => `${key}: ${plain(part, type.value)}`).join(", ")} }`;
    case "tuple":
      return `(${type.parts.map((part, index) => plain(value?.[index], part)).join(", ")})`;
    case "list":
      return `[${(value ?? []).slice(0, MOST_ROWS).map((part) => plain(part, type.element)).join(", ")}${value?.length > MOST_ROWS ? ", …" : ""}]`;
    case "enum": {
      const [name, content, variant] = variantOf(value, type);
      if (!variant?.content) {
        return name;
      }
      const words = plain(content, variant.content);
      const joint = { tuple: name, struct: `${name} `, map: `${name} ` }[variant.content.kind];
      return joint === undefined ? `${name}(${words})` : joint + words;
    }
    case "bytes":
      return `${value} (${(value.length - 2) / 2} bytes)`;
    case "json":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** Returns the doc of an enum's variant, if it has one. */
export function docOf(value, type) {
  return type.kind === "enum" ? (variantOf(value, type)[2]?.doc ?? "") : "";
}

/** Returns the numbers in a value, each with its path. */
export function numbersIn(value, type, path) {
  switch (type.kind) {
    case "integer":
    case "float": {
      const number = Number(value);
      return Number.isFinite(number) ? [[path, number]] : [];
    }
    case "boolean":
      return [[path, Number(value)]];
    case "struct":
      return type.fields.flatMap(({ name, type }) => numbersIn(value?.[name], type, joined(path, name)));
    case "tuple":
      return type.parts.flatMap((part, index) => numbersIn(value?.[index], part, `${path}[${index}]`));
    case "list":
      return (value ?? []).slice(0, 16).flatMap((part, index) => numbersIn(part, type.element, `${path}[${index}]`));
    case "map":
      return Object.entries(value ?? {}).flatMap(([key, part]) => numbersIn(part, type.value, joined(path, key)));
    case "option":
      return value === null ? [] : numbersIn(inOption(value, type), type.inner, path);
    case "enum": {
      const [name, content, variant] = variantOf(value, type);
      return variant?.content ? numbersIn(content, variant.content, joined(path, name)) : [];
    }
    default:
      return [];
  }
}

/** Returns the head of a table for values of a type, or null if they have no columns. */
export function columns(type) {
  return type.kind === "struct" ? type.fields : null;
}

/** Shows values in rows, with a column for each field of a struct. */
export function tableOf(type, caption, rowName = "number") {
  const fields = columns(type);
  const body = element("tbody");
  const head = [rowName, ...(fields ? fields.map(({ name }) => name) : [notation(type)])];
  const node = element(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("thead", {}, element("tr", {}, head.map((name) => element("th", { scope: "col" }, name)))), body),
  );
  function add(value, row) {
    const cells = fields ? fields.map(({ name, type }) => plain(value?.[name], type)) : [plain(value, type)];
    body.append(element("tr", {}, element("th", { scope: "row" }, String(row)), cells.map((cell) => element("td", {}, cell))));
    if (body.children.length > MOST_ROWS) {
      body.firstChild.remove();
    }
  }
  return { node, add };
}

function listed(values, type) {
  if (isFlat(type.element)) {
    return words(values.length === 0 ? "empty" : plain(values, type));
  }
  const rows = tableOf(type.element, notation(type));
  values.slice(0, MOST_ROWS).forEach((value, index) => rows.add(value, index));
  return rows.node;
}

function list(values, typeAt) {
  return element("ol", { class: "parts", start: "0" }, values.map((value, index) => element("li", {}, shown(value, typeAt(index)))));
}

function table(rows) {
  const entries = rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return rows.length === 0 ? words("empty") : element("dl", { class: "fields" }, entries);
}

function variantShown(value, type) {
  const [name, content, variant] = variantOf(value, type);
  const isShort = !variant?.content || isFlat(variant.content);
  return element(
    "span",
    { class: "variant" },
    words(isShort ? plain(value, type) : name),
    isShort ? null : shown(content, variant.content),
    variant?.doc && element("span", { class: "hint" }, variant.doc),
  );
}

function variantOf(value, type) {
  const [name, content] = value !== null && typeof value === "object" ? (Object.entries(value)[0] ?? [""]) : [String(value)];
  return [name, content, type.variants.find((variant) => variant.name === name)];
}

/** Returns what is in an option, which has a name where null would be ambiguous. */
function inOption(value, type) {
  const isNamed = ["option", "unit"].includes(type.inner.kind) && value !== null && typeof value === "object" && "Some" in value;
  return isNamed ? value.Some : value;
}

function isFlat(type) {
  return !["struct", "map", "list"].includes(type.kind) && (type.parts ?? []).every(isFlat);
}

function joined(path, name) {
  return path ? `${path}.${name}` : name;
}

function words(text) {
  return element("span", { class: "value" }, text);
}
