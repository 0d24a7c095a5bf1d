// Calls a procedure: its form, its outcome, and its values at an interval if that is harmless.

import { ofDevice, request, valueIn } from "./api.js";
import { button, element, freshId, replace } from "./element.js";
import { argumentsForm } from "./form.js";
import { pause } from "./live.js";
import { problemShown, valueShown } from "./outcome.js";
import { plot } from "./plot.js";
import { typeOf } from "./type.js";
import { numbersIn } from "./value.js";

/** Makes the controls of a procedure that returns a value. */
export function callControls(device, procedure, root) {
  const valueType = typeOf(procedure.value ?? { type: "null" }, root);
  const errorType = procedure.error && typeOf(procedure.error, root);
  const args = procedure.arguments.map(({ name, type }) => ({ name, type: typeOf(type, root) }));
  const output = element("div", { class: "output", "aria-live": "polite" });
  const values = plot(procedure.path);
  const call = element("button", { class: "primary" }, "Call");
  const repeating = procedure.idempotent ? repetition(() => form.json(), make, quiet) : null;
  const form = argumentsForm(args, make, [call, repeating?.node]);
  return { node: element("div", {}, form.node, output, values.node), stop: () => repeating?.stop() };

  /** Values that come by themselves are not read out. */
  function quiet(isQuiet) {
    output.ariaLive = isQuiet ? "off" : "polite";
  }

  async function make(text) {
    const start = performance.now();
    try {
      const value = await callOf(device, procedure, text);
      replace(output, valueShown(value, valueType, performance.now() - start));
      if (repeating?.isOn()) {
        values.add(numbersIn(value, valueType, ""));
      }
    } catch (problem) {
      replace(output, problemShown(problem, errorType, true));
    }
  }
}

/** Makes a call with arguments as JSON text, and returns the value. */
async function callOf(device, procedure, text) {
  const headers = { "Content-Type": "application/json", ...device.timeLimit() };
  if (!procedure.idempotent) {
    // A browser may send a request again when a connection breaks.
    headers["Idempotency-Key"] = `"${key()}"`;
  }
  const response = await request(ofDevice(device.name, procedure.path), { method: "POST", headers, body: text });
  return valueIn(response);
}

/** Makes the switch that repeats a call. It waits for each call before the next. */
function repetition(read, make, quiet) {
  const id = freshId();
  const seconds = element("input", { id, type: "number", min: "0.05", step: "any", value: "1", class: "short" });
  const toggle = button("Repeat", () => (stopping ? stop() : start()), { "aria-pressed": "false" });
  let stopping = null;
  const node = element("span", { class: "repeat" }, toggle, element("label", { for: id }, "every"), seconds, element("span", {}, "s"));
  return { node, stop, isOn: () => stopping !== null };

  async function start() {
    const text = read();
    if (text === null) {
      return;
    }
    quiet(true);
    stopping = new AbortController();
    const { signal } = stopping;
    toggle.setAttribute("aria-pressed", "true");
    toggle.textContent = "Stop";
    while (!signal.aborted) {
      const begun = performance.now();
      await make(text);
      const interval = 1000 * Math.max(Number(seconds.value) || 1, 0.05);
      await pause(Math.max(interval - (performance.now() - begun), 0), signal);
    }
  }

  function stop() {
    stopping?.abort();
    stopping = null;
    quiet(false);
    toggle.setAttribute("aria-pressed", "false");
    toggle.textContent = "Repeat";
  }
}

function key() {
  // Pages that are not from this machine have no crypto.randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
