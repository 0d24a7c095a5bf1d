// One device: its state, its services with their procedures, its log, its blocks and its link.

import { get, ofDevice } from "./api.js";
import { blocksPanel } from "./blocks.js";
import { element, freshId, replace } from "./element.js";
import { logPanel } from "./log.js";
import { pause } from "./live.js";
import { problemShown } from "./outcome.js";
import { procedureRow } from "./procedure.js";
import { paragraphs, prose } from "./prose.js";
import { sourcesOf } from "./sources.js";
import { statisticsPanel } from "./statistics.js";

const STATES = {
  present: "present",
  absent: "absent: this page goes on as soon as it is back",
  unknown: "not asked yet",
};

/** How long until a description that could not be read is asked for again. */
const WAIT = 2000;

/** Makes the view of a device, and fills it as soon as the device has described itself. */
export function deviceView(given) {
  const title = element("h2", { tabindex: "-1" }, given.name);
  const state = element("p", { class: "state", role: "status" });
  const about = element("p", { class: "about" });
  const content = element("div", { class: "content" }, element("p", { class: "empty" }, "Asking the device what it has…"));
  const node = element("article", { class: "device" }, element("header", {}, title, state, about), content);
  let parts = [];
  let sources = null;
  let fingerprint = null;
  let stopping = new AbortController();
  let device = given;
  show(given);
  describe();
  return { node, title, update, stop };

  /** Shows the state. A device that has become another one is described anew. */
  function update(changed) {
    const wasAbsent = device.state === "absent";
    const isBack = device.state !== "present" && changed.state === "present";
    device = changed;
    show(changed);
    if (isBack) {
      sources?.say(null);
    }
    const other = changed.interface && fingerprint !== null && changed.interface.fingerprint !== fingerprint;
    if (other || (fingerprint === null && wasAbsent && changed.state !== "absent")) {
      describe();
    }
  }

  function show({ state: name, port, interface: described }) {
    node.dataset.state = name;
    state.textContent = STATES[name] ?? name;
    const words = described && [`${described.name} ${described.version}`, `fingerprint ${described.fingerprint}`];
    about.textContent = [port, ...(words ?? [])].filter(Boolean).join(" · ");
  }

  async function describe() {
    stop();
    stopping = new AbortController();
    const { signal } = stopping;
    fingerprint = null;
    while (!signal.aborted) {
      try {
        const description = await get(ofDevice(device.name), signal);
        fingerprint = description.interface?.fingerprint ?? device.interface?.fingerprint ?? "";
        fill(description);
        return;
      } catch (problem) {
        if (!signal.aborted) {
          replace(content, problemShown(problem));
        }
      }
      await pause(WAIT, signal);
    }
  }

  function fill(description) {
    const limit = timeLimit();
    const { name } = device;
    sources = sourcesOf(name);
    const context = { name, timeLimit: limit.headers, sources };
    const services = description.services.map((service) => serviceSection(context, service, description));
    const rows = services.flatMap((service) => service.rows);
    const log = description.services.some(({ name }) => name === "log") ? panel("Log", (box) => logPanel(context), true) : null;
    const blocks = description.services.some(({ name }) => name === "blocks") ? panel("Blocks", (box) => blocksPanel(context)) : null;
    const link = panel("Link", (box) => statisticsPanel(context, box));
    const panels = [log, blocks, link].filter(Boolean);
    parts = [...rows, ...panels];
    replace(
      content,
      element("div", { class: "services" }, element("div", { class: "tools" }, search(services), limit.node), services.map(({ node }) => node)),
      element("aside", { "aria-label": `Log, blocks and link of ${device.name}` }, panels.map(({ node }) => node)),
    );
  }

  function stop() {
    stopping.abort();
    parts.forEach((part) => part.stop());
    parts = [];
  }
}

/** Makes a section that opens; its content begins when it is opened first. */
function panel(title, make, isOpen = false) {
  const body = element("div", { class: "body" });
  const node = element("details", { class: "panel" }, element("summary", {}, element("h3", {}, title)), body);
  let content = null;
  node.addEventListener("toggle", begin);
  node.open = isOpen;
  return { node, stop: () => content?.stop() };

  function begin() {
    if (node.open && content === null) {
      content = make(node);
      body.append(content.node);
      // The content may listen, too, and has missed this one.
      node.dispatchEvent(new Event("toggle"));
    }
  }
}

function serviceSection(device, service, root) {
  const id = freshId();
  const rows = service.procedures.map((procedure) => procedureRow(device, procedure, root));
  const docs = paragraphs(service.doc).map((text) => element("p", { class: "doc" }, prose(text)));
  const node = element("section", { class: "service", "aria-labelledby": id }, element("h3", { id }, service.name), docs, rows.map((row) => row.node));
  return { node, rows };
}

/** Makes the field for the time limit of calls. */
function timeLimit() {
  const id = freshId();
  const input = element("input", { id, type: "number", min: "0.1", max: "3600", step: "any", class: "short", placeholder: "auto" });
  const node = element("div", { class: "search" }, element("label", { for: id }, "Time limit in s"), input);
  return { node, headers: () => (Number(input.value) > 0 ? { Timeout: input.value } : {}) };
}

/** Makes the field that narrows the procedures down. */
function search(services) {
  const id = freshId();
  const found = element("span", { class: "unseen", role: "status" });
  const input = element("input", { id, type: "search", autocomplete: "off", spellcheck: "false", placeholder: "part of a name", input: narrow });
  return element("div", { class: "search", role: "search" }, element("label", { for: id }, "Find a procedure"), input, found);

  function narrow() {
    const word = input.value.trim().toLowerCase();
    let count = 0;
    for (const { node, rows } of services) {
      const shown = rows.filter((row) => row.path.toLowerCase().includes(word));
      rows.forEach((row) => {
        row.node.hidden = !shown.includes(row);
      });
      node.hidden = shown.length === 0;
      count += shown.length;
    }
    found.textContent = `${count} found`;
  }
}
