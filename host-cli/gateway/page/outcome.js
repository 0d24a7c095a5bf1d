// Shows how a request ended: when and in what time, or the problem, in words.

import { Problem } from "./api.js";
import { element } from "./element.js";
import { docOf, shown } from "./value.js";

const RAN = {
  never: "It never ran.",
  maybe: "Its outcome is unknown: it may have run, once.",
  once: "It ran once.",
};

/** Shows a value that came back. */
export function valueShown(value, type, milliseconds) {
  const time = milliseconds === undefined ? null : element("p", { class: "when" }, `${clock()}, in ${duration(milliseconds)}`);
  return element("div", { class: "outcome good" }, shown(value, type), time);
}

/** Shows a problem. What failed without an answer may have run, if it is a call. */
export function problemShown(problem, errorType = null, isCall = false) {
  const details = problem instanceof Problem ? problem.details : { title: "this page has failed", detail: String(problem) };
  if (details.error !== undefined && errorType) {
    return element(
      "div",
      { class: "outcome error" },
      element("p", {}, element("strong", {}, "Error: "), shown(details.error, { ...errorType, variants: undocumented(errorType) })),
      docOf(details.error, errorType) && element("p", {}, docOf(details.error, errorType)),
      element("p", { class: "when" }, `${clock()}, the procedure's own error`),
    );
  }
  const ran = details.ran ?? (isCall && details.status === undefined ? "maybe" : undefined);
  return element(
    "div",
    { class: "outcome problem" },
    element("p", {}, element("strong", {}, sentence(details.title))),
    details.detail && element("p", {}, sentence(details.detail)),
    RAN[ran] && element("p", {}, RAN[ran]),
    details.hint && element("p", { class: "hint" }, `Hint: ${details.hint}`),
    element("p", { class: "when" }, clock()),
  );
}

/** Returns the time of day. */
export function clock(date = new Date()) {
  return date.toLocaleTimeString([], { hour12: false });
}

/** Returns a number of bytes in words. */
export function bytes(count) {
  if (count < 1024) {
    return `${count} bytes`;
  }
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** The doc stands below, on a line of its own. */
function undocumented(type) {
  return type.variants?.map((variant) => ({ ...variant, doc: "" }));
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
