// A procedure: its signature, its documentation, and below these its controls, made when it is opened.

import { callControls } from "./call.js";
import { element } from "./element.js";
import { eventControls } from "./event.js";
import { feedControls } from "./feed.js";
import { paragraphs, prose } from "./prose.js";
import { streamControls } from "./stream.js";

const CONTROLS = { call: callControls, event: eventControls, stream: streamControls, moving_stream: streamControls, feed: feedControls };

/** Makes the row of a procedure. */
export function procedureRow(device, procedure, root) {
  const kind = procedure.kind.replaceAll("_", " ");
  const [brief, ...more] = paragraphs(procedure.doc);
  const body = element("div", { class: "body" });
  const summary = element(
    "summary",
    {},
    element("span", { class: "signature" }, element("b", {}, procedure.name), element("span", { class: "types" }, procedure.signature.slice(procedure.signature.indexOf("(")))),
    element("span", { class: `badge ${kind}` }, kind),
    element("span", { class: "brief" }, prose(brief ?? "")),
  );
  const node = element("details", { class: "procedure", toggle: open }, summary, body);
  let controls = null;
  return { node, path: procedure.path, stop: () => controls?.stop() };

  function open() {
    if (node.open && controls === null) {
      controls = CONTROLS[procedure.kind](device, procedure, root);
      const notes = element("p", { class: "hint" }, note(procedure));
      body.append(...more.map((text) => element("p", { class: "doc" }, prose(text))), notes, controls.node);
    }
  }
}

function note(procedure) {
  switch (procedure.kind) {
    case "event":
      return "An event: the device sends it to its subscribers.";
    case "feed":
      return "A feed: its items are sent as many at a time as fit.";
    case "call":
      return procedure.idempotent
        ? "Idempotent: calling it twice is the same as calling it once, so it can be repeated."
        : "Not idempotent: each call counts.";
    default:
      return "A stream: its items are fetched as many at a time as fit.";
  }
}
