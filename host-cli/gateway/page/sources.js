// The events and the log of a device, all on one connection: a browser opens only six to a program.

import { Problem, ofDevice } from "./api.js";
import { follow, pause } from "./live.js";

/** Others that are subscribed to at once share a connection from the start. */
const GATHERING = 30;

/** Makes the sources of a device. */
export function sourcesOf(name) {
  const subscribers = new Map();
  const places = new Map();
  let stopping = new AbortController();
  return { subscribe, say };

  /** Subscribes to an event's path or the log, and returns what ends it. */
  function subscribe(source, received, changed) {
    subscribers.set(source, { received, changed });
    reopen();
    return () => {
      if (subscribers.delete(source)) {
        places.delete(source);
        reopen();
      }
    };
  }

  async function reopen() {
    stopping.abort();
    stopping = new AbortController();
    const { signal } = stopping;
    await pause(GATHERING, signal);
    if (signal.aborted || subscribers.size === 0) {
      return;
    }
    const order = [...subscribers.keys()];
    const path = `${ofDevice(name, "events")}?of=${order.map(encodeURIComponent).join(",")}`;
    follow(path, signal, receive, say, placeIn(order));
  }

  /** Tells all subscribers of a problem, or of its end. */
  function say(problem) {
    subscribers.forEach(({ changed }) => changed(problem));
  }

  function receive(data, event) {
    if (event === "problem") {
      say(new Problem(data));
    } else if (event !== "gap") {
      subscribers.get(event)?.received(data);
    } else if (places.has(data.of)) {
      // One without a place has only just begun.
      subscribers.get(data.of)?.received({ gap: true });
    }
  }

  /** An id has the places of all sources in their order. */
  function placeIn(order) {
    const headers = () => (places.size === 0 ? {} : { "Last-Event-ID": order.map((source) => places.get(source) ?? "").join(",") });
    const reached = (id) => id?.split(",").forEach((place, index) => places.set(order[index], place));
    return { headers, reached };
  }
}
