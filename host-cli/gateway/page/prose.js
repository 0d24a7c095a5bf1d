// Shows documentation: its paragraphs, and what is between backticks as code. It is text, whatever it says.

import { element } from "./element.js";

/** Returns documentation in paragraphs. */
export function paragraphs(doc) {
  return (doc ?? "").split(/\n\s*\n/).map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text !== "");
}

/** Returns a paragraph as nodes. */
export function prose(text) {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}
