// Watches an event: the latest data, a plot of its numbers, the last ones in a table, and what was lost.

import { button, element, replace } from "./element.js";
import { clock, problemShown } from "./outcome.js";
import { plot } from "./plot.js";
import { typeOf } from "./type.js";
import { numbersIn, shown, tableOf } from "./value.js";

/** Makes the controls of an event. */
export function eventControls(device, procedure, root) {
  const fields = procedure.arguments.map(({ name, type }) => ({ name, type: typeOf(type, root), doc: "" }));
  const dataType = { kind: "struct", name: procedure.name, fields };
  const toggle = button("Watch", () => (unsubscribe ? stop() : start()), { class: "primary", "aria-pressed": "false" });
  const tally = element("p", { class: "when" });
  const state = element("p", { class: "when", role: "status" });
  const latest = element("div", { class: "output" });
  const values = plot(procedure.path);
  const rows = tableOf(dataType, `The last events of ${procedure.path}`, "time");
  const past = element("details", { class: "past", hidden: true }, element("summary", {}, "The last events"), rows.node);
  let unsubscribe = null;
  let [count, lost, gaps] = [0, 0, 0];
  return { node: element("div", {}, element("div", { class: "buttons" }, toggle, tally, state), latest, values.node, past), stop };

  function start() {
    toggle.textContent = "Stop";
    toggle.setAttribute("aria-pressed", "true");
    state.textContent = "Subscribing…";
    unsubscribe = device.sources.subscribe(procedure.path, received, changed);
  }

  function stop() {
    unsubscribe?.();
    unsubscribe = null;
    toggle.textContent = "Watch";
    toggle.setAttribute("aria-pressed", "false");
    state.textContent = "Stopped.";
  }

  function received({ data, lost: missed, gap }) {
    count += data === undefined ? 0 : 1;
    lost += Number(missed ?? 0);
    gaps += gap ? 1 : 0;
    tally.textContent = counted(count, lost, gaps);
    if (data === undefined) {
      return;
    }
    replace(latest, fields.length > 0 && shown(data, dataType));
    values.add(numbersIn(data, dataType, ""));
    rows.add(data, clock());
    past.hidden = false;
  }

  function changed(problem) {
    if (problem) {
      state.textContent = "Interrupted; this page tries again.";
      replace(latest, problemShown(problem));
    } else {
      state.textContent = "Watching.";
      if (latest.querySelector(".problem")) {
        replace(latest);
      }
    }
  }
}

function counted(count, lost, gaps) {
  const events = count === 1 ? "1 event" : `${count} events`;
  const known = lost === 0 && gaps === 0 ? "none lost" : `${lost} lost`;
  return `${events}, ${known}${gaps === 0 ? "" : ", and perhaps others while the device was away"}`;
}
