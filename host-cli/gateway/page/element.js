// Makes elements. Whatever a device says becomes text: nothing on this page reads HTML.

const SVG = "http://www.w3.org/2000/svg";

let count = 0;

/** Returns an id that no other element has. */
export function freshId() {
  count += 1;
  return `e${count}`;
}

/**
 * Makes an HTML element. Functions are listeners of the event that they are named for, true is an
 * attribute without a value, and what is null or false is left out.
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an SVG element in the same way. */
export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Makes a button. */
export function button(text, click, attributes = {}) {
  return element("button", { type: "button", click, ...attributes }, text);
}

/** Replaces the content of an element. */
export function replace(node, ...children) {
  node.replaceChildren(...present(children));
}

/** Makes text that only screen readers read. */
export function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      node.addEventListener(name, value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value);
    }
  }
  node.append(...present(children));
  return node;
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
