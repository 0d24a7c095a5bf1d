// Sends a feed: the other arguments, and items from a form or from a file of JSON lines.

import { ofDevice, request, valueIn } from "./api.js";
import { element, freshId, replace } from "./element.js";
import { fieldOf, argumentsForm } from "./form.js";
import { problemShown, valueShown } from "./outcome.js";
import { typeOf } from "./type.js";

/** Makes the controls of a feed, whose last argument is the items. */
export function feedControls(device, procedure, root) {
  const valueType = typeOf(procedure.value ?? { type: "null" }, root);
  const errorType = procedure.error && typeOf(procedure.error, root);
  const args = procedure.arguments.map(({ name, type }) => ({ name, type: typeOf(type, root) }));
  const items = args.pop();
  const list = items.type.kind === "list" ? items.type : { kind: "list", element: items.type };
  const field = fieldOf(list, items.name);
  const id = freshId();
  const file = element("input", { id, type: "file", accept: ".jsonl,.ndjson,.json,.txt" });
  const output = element("div", { class: "output", "aria-live": "polite" });
  const call = element("button", { class: "primary" }, "Call");
  const others = argumentsForm(args, send, [call]);
  const source = element("div", { class: "field" }, element("label", { for: id }, "or from a file"), element("div", { class: "control" }, file, element("span", { class: "hint" }, "an item of JSON a line")));
  others.node.prepend(field.node, source);
  return { node: element("div", {}, others.node, output), stop() {} };

  async function send(text) {
    const [chosen] = file.files;
    let lines = chosen;
    if (!chosen) {
      try {
        lines = field.texts().map((item) => `${item}\n`).join("");
      } catch (wrong) {
        wrong.control?.focus();
        return;
      }
    }
    const start = performance.now();
    try {
      const options = { method: "POST", headers: { "Content-Type": "application/jsonl", ...device.timeLimit() }, body: new Blob([text, "\n", lines]) };
      const response = await request(ofDevice(device.name, procedure.path), options);
      replace(output, valueShown(await valueIn(response), valueType, performance.now() - start));
    } catch (problem) {
      replace(output, problemShown(problem, errorType, true));
    }
  }
}
