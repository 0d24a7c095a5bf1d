// Fetches a stream: its form, and the items in a table as they come.

import { Problem, linesOf, ofDevice, request } from "./api.js";
import { button, element, replace } from "./element.js";
import { argumentsForm } from "./form.js";
import { parse } from "./json.js";
import { problemShown } from "./outcome.js";
import { plot } from "./plot.js";
import { typeOf } from "./type.js";
import { MOST_ROWS, numbersIn, tableOf } from "./value.js";

/** Makes the controls of a stream. */
export function streamControls(device, procedure, root) {
  const itemType = typeOf(procedure.value, root);
  const errorType = procedure.error && typeOf(procedure.error, root);
  const args = procedure.arguments.map(({ name, type }) => ({ name, type: typeOf(type, root) }));
  const output = element("div", { class: "output" });
  const tally = element("p", { class: "when" });
  const state = element("p", { class: "when", role: "status" });
  const fetchItems = element("button", { class: "primary" }, "Fetch");
  const halt = button("Stop", () => stop(), { disabled: true });
  const form = argumentsForm(args, fetchAll, [fetchItems, halt]);
  let stopping = null;
  return { node: element("div", {}, form.node, tally, state, output), stop };

  async function fetchAll(text) {
    stop();
    stopping = new AbortController();
    const { signal } = stopping;
    const items = tableOf(itemType, `Items of ${procedure.path}`);
    const values = plot(procedure.path);
    replace(output, items.node, values.node);
    halt.disabled = false;
    state.textContent = "Fetching…";
    tally.textContent = counted(0, 0);
    let [count, lost] = [0, 0];
    try {
      const headers = { "Content-Type": "application/json", Accept: "application/jsonl", ...device.timeLimit() };
      const response = await request(ofDevice(device.name, procedure.path), { method: "POST", headers, body: text, signal });
      for await (const line of linesOf(response.body)) {
        take(line === "" ? {} : parse(line));
      }
      state.textContent = "That is all.";
    } catch (problem) {
      if (signal.aborted) {
        state.textContent = "Stopped.";
      } else {
        state.textContent = "Then it failed.";
        output.append(problemShown(problem, errorType));
      }
    }
    halt.disabled = true;

    function take({ item, lost: missed, problem }) {
      if (problem) {
        throw new Problem(problem);
      }
      lost += Number(missed ?? 0);
      if (item !== undefined) {
        items.add(item, count);
        values.add(numbersIn(item, itemType, ""));
        count += 1;
      }
      tally.textContent = counted(count, lost);
    }
  }

  function stop() {
    stopping?.abort();
    stopping = null;
  }
}

function counted(count, lost) {
  const items = count === 1 ? "1 item" : `${count} items`;
  const shown = count > MOST_ROWS ? `, the last ${MOST_ROWS} shown` : "";
  return `${items}${shown}${lost > 0 ? `, ${lost} lost` : ""}`;
}
