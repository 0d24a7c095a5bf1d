// Follows what the gateway sends by itself, as server-sent events, and reconnects.
//
// It is no EventSource, because that cannot send the token.

import { linesOf, request } from "./api.js";
import { parse } from "./json.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

/**
 * Follows a source until the signal aborts. `received` gets each event's data and name; `changed` gets
 * null when the source is open, and the error that has ended it otherwise. `place` keeps the place in the
 * source, for who follows it again.
 */
export async function follow(path, signal, received, changed, place = placeOf()) {
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      const headers = { Accept: "text/event-stream", ...place.headers() };
      const response = await request(path, { signal, headers });
      changed(null);
      wait = FIRST_WAIT;
      for await (const { id, data, name } of eventsIn(response.body)) {
        place.reached(id);
        received(parse(data), name);
      }
    } catch (error) {
      if (!signal.aborted) {
        changed(error);
      }
    }
    await pause(wait, signal);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}

/** Waits for some milliseconds, or for the signal. */
export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    }
    signal?.addEventListener("abort", end);
    if (signal?.aborted) {
      end();
    }
  });
}

/** Keeps the place in one source. */
function placeOf() {
  let last;
  return { headers: () => (last === undefined ? {} : { "Last-Event-ID": last }), reached: (id) => (last = id ?? last) };
}

async function* eventsIn(body) {
  let event = { data: [] };
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (event.data.length > 0) {
        yield { ...event, data: event.data.join("\n") };
      }
      event = { data: [] };
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "data") {
      event.data.push(value);
    } else if (field === "id") {
      event.id = value;
    } else if (field === "event") {
      event.name = value;
    }
  }
}
