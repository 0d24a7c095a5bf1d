// Shows the log of a device as it comes, by level, with what was lost.

import { button, element, freshId, replace } from "./element.js";
import { clock, problemShown } from "./outcome.js";

const LEVELS = ["Error", "Warn", "Info", "Debug", "Trace"];
const MOST_LINES = 500;

/** Makes the panel of the log, and follows it. */
export function logPanel(device) {
  const id = freshId();
  const lines = element("div", { class: "log", role: "log", "aria-label": `Log of ${device.name}`, tabindex: "0" });
  const state = element("p", { class: "when", role: "status" }, "Connecting…");
  const level = element("select", { id, change: filter }, LEVELS.map((name) => element("option", {}, name)));
  level.value = "Debug";
  const clear = button("Clear", () => replace(lines));
  const tools = element("div", { class: "buttons" }, element("label", { for: id }, "Up to"), level, clear);
  const failure = element("div");
  filter();
  const stop = device.sources.subscribe("log", received, changed);
  return { node: element("div", {}, tools, lines, failure, state), stop };

  function received({ level, target, text, lost, gap }) {
    if (gap) {
      add(element("p", { class: "lost" }, "lines may be missing here: the device or the gateway was away"));
    }
    if (Number(lost ?? 0) > 0) {
      add(element("p", { class: "lost" }, lost === 1 ? "1 line was lost here" : `${lost} lines were lost here`));
    }
    if (text === undefined) {
      return;
    }
    const name = LEVELS.find((known) => known.toLowerCase() === String(level).toLowerCase()) ?? "Info";
    add(
      element(
        "p",
        { class: `level ${name.toLowerCase()}` },
        element("time", {}, clock()),
        element("span", { class: "badge" }, name),
        element("span", { class: "target" }, target),
        element("span", { class: "text" }, text),
      ),
    );
  }

  function add(line) {
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 30;
    lines.append(line);
    while (lines.children.length > MOST_LINES) {
      lines.firstChild.remove();
    }
    if (isAtEnd) {
      lines.scrollTop = lines.scrollHeight;
    }
  }

  function changed(problem) {
    state.textContent = problem ? "Interrupted; this page tries again." : "Lines appear as the device logs them.";
    replace(failure, problem && problemShown(problem));
  }

  function filter() {
    const most = LEVELS.indexOf(level.value);
    LEVELS.forEach((name, index) => lines.classList.toggle(`no-${name.toLowerCase()}`, index > most));
  }
}
