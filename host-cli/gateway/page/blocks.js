// Shows the blocks of a device, saves them as files and writes files to them.

import { get, ofDevice } from "./api.js";
import { button, element, replace, unseen } from "./element.js";
import { bytes, problemShown } from "./outcome.js";
import { readBlock, writeBlock } from "./transfer.js";

/** Makes the panel of the blocks. */
export function blocksPanel(device) {
  const list = element("ul", { class: "blocks" });
  const failure = element("div");
  const stopping = new AbortController();
  const reload = button("Reload", load);
  load();
  return { node: element("div", {}, list, failure, element("div", { class: "buttons" }, reload)), stop: () => stopping.abort() };

  async function load() {
    try {
      const blocks = await get(ofDevice(device.name, "blocks"), stopping.signal);
      replace(list, blocks.map((block) => row(device, block, stopping.signal)));
      replace(failure, blocks.length === 0 && element("p", { class: "hint" }, "The device has no blocks."));
    } catch (problem) {
      if (!stopping.signal.aborted) {
        replace(failure, problemShown(problem));
      }
    }
  }
}

function row(device, { name, length, capacity }, signal) {
  const size = element("span", { class: "hint" }, sizes(length, capacity));
  const state = element("div", { class: "output", role: "status" });
  const download = button(["Download", unseen(` ${name}`)], () => run(save));
  const file = element("input", { type: "file", change: () => file.files.length > 0 && run(write) });
  const upload = capacity > 0 ? element("label", { class: "file" }, "Upload", unseen(` a file to ${name}`), file) : null;
  let stopping = null;
  return element("li", {}, element("h4", {}, name), size, element("div", { class: "buttons" }, download, upload), state);

  async function run(move) {
    stopping?.abort();
    stopping = new AbortController();
    signal.addEventListener("abort", () => stopping.abort());
    try {
      await move(stopping.signal);
    } catch (problem) {
      replace(state, stopping.signal.aborted ? element("p", { class: "when" }, "Stopped.") : problemShown(problem));
    }
    file.value = "";
  }

  async function save(signal) {
    const progress = bar(`Reading ${name}`);
    const block = await readBlock(device, name, signal, progress.set);
    const link = element("a", { href: URL.createObjectURL(block), download: fileName(name) }, `Save ${fileName(name)} again`);
    link.click();
    replace(state, element("p", {}, `${bytes(block.size)} read. `, link));
  }

  async function write(signal) {
    const [chosen] = file.files;
    if (chosen.size > capacity) {
      replace(state, element("p", { class: "mistake" }, `${name} has room for ${capacity} bytes, and ${chosen.name} has ${chosen.size}.`));
      return;
    }
    const progress = bar(`Writing ${chosen.name} to ${name}`);
    await writeBlock(device, name, chosen, signal, progress.set);
    size.textContent = sizes(chosen.size, capacity);
    replace(state, element("p", {}, `${bytes(chosen.size)} written.`));
  }

  /** Shows progress, of no known length until it is set. */
  function bar(label) {
    const progress = element("progress", { "aria-label": label });
    const words = element("span", { class: "hint" }, `${label}…`);
    replace(state, element("div", { class: "moving" }, progress, words, button("Stop", () => stopping.abort())));
    return { set };
    function set(count, total) {
      if (total > 0) {
        progress.max = total;
        progress.value = count;
      }
      words.textContent = `${label}: ${bytes(count)}${total > 0 ? ` of ${bytes(total)}` : ""}`;
    }
  }
}

function sizes(length, capacity) {
  return capacity > 0 ? `${bytes(length)}, room for ${bytes(capacity)}` : `${bytes(length)}, can only be read`;
}

/** Returns a name that is a file's on any system. */
function fileName(name) {
  return `${name.replace(/[^\w.-]+/g, "_").replace(/^\.+/, "") || "block"}${name.includes(".") ? "" : ".bin"}`;
}
