// Shows the link's counters of both ends.

import { get, ofDevice } from "./api.js";
import { element, replace } from "./element.js";
import { pause } from "./live.js";
import { problemShown } from "./outcome.js";

const INTERVAL = 2000;

const ENDS = { device: "The device, since it started", caller: "The gateway, since it connected" };

const WORDS = {
  frames: "frames received",
  corrupt: "corrupt frames",
  too_long: "frames that were too long",
  out_of_order: "calls out of order",
  duplicates: "calls received twice",
  overruns: "overruns",
  sent: "frames sent",
  resent: "frames sent again",
  received: "frames received",
  broken: "broken frames",
  sessions: "sessions",
  refused: "sessions refused",
  lost_links: "links lost",
};

/** Makes the panel of the counters, which are asked for while it is open. */
export function statisticsPanel(device, details) {
  const node = element("div");
  let stopping = null;
  details.addEventListener("toggle", () => (details.open ? start() : stop()));
  return { node, stop };

  async function start() {
    stopping = new AbortController();
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        const counters = await get(ofDevice(device.name, "statistics"), signal);
        replace(node, Object.entries(counters ?? {}).map(([end, counters]) => tableOf(end, counters ?? {})));
      } catch (problem) {
        if (!signal.aborted) {
          replace(node, problemShown(problem));
        }
      }
      await pause(INTERVAL, signal);
    }
  }

  function stop() {
    stopping?.abort();
    stopping = null;
  }
}

function tableOf(end, counters) {
  const rows = Object.entries(counters).map(([name, count]) =>
    element("tr", {}, element("th", { scope: "row" }, WORDS[name] ?? name.replaceAll("_", " ")), element("td", {}, String(count))),
  );
  return element("table", { class: "counters" }, element("caption", {}, ENDS[end] ?? end), element("tbody", {}, rows));
}
