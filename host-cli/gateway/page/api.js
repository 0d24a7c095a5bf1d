// Requests to the gateway, and the problems that it answers with.

import { parse } from "./json.js";
import { askForToken, authorization } from "./token.js";

/** A request that was refused or could not be carried out: what the gateway says about it. */
export class Problem extends Error {
  constructor(details) {
    super(details.title);
    this.details = details;
  }
}

/** Returns the path of something of a device. */
export function ofDevice(name, ...rest) {
  return ["devices", name, ...rest].map(encodeURIComponent).join("/");
}

/** Makes a request; throws a Problem for any answer but a good one. */
export async function request(path, options = {}) {
  for (;;) {
    const response = await answer(path, options);
    if (response.status === 401) {
      await askForToken();
    } else if (response.ok) {
      return response;
    } else {
      throw problemOf(response.status, response.statusText, await response.text());
    }
  }
}

/** Gets JSON. */
export async function get(path, signal) {
  const response = await request(path, { signal, headers: { Accept: "application/json" } });
  return parse(await response.text());
}

/** Returns the value in an answer, which may have none. */
export async function valueIn(response) {
  try {
    const text = await response.text();
    return text === "" ? null : parse(text);
  } catch (cause) {
    throw cutShort(cause);
  }
}

/** Yields the lines of a body as they come. */
export async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await pieceFrom(reader);
      const lines = (rest + (value ?? "")).split("\n");
      rest = done ? "" : lines.pop();
      for (const line of lines) {
        yield line.replace(/\r$/, "");
      }
      if (done) {
        return;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Returns the next piece of a body. */
export async function pieceFrom(reader) {
  try {
    return await reader.read();
  } catch (cause) {
    throw cause.name === "AbortError" ? cause : cutShort(cause);
  }
}

/** Returns the problem in an answer. */
function problemOf(status, statusText, text) {
  try {
    const details = parse(text);
    if (details && typeof details === "object") {
      return new Problem({ status, title: statusText, ...details });
    }
  } catch {
    // It is not from this gateway, or was cut short.
  }
  return new Problem({ status, title: statusText || `status ${status}`, detail: text.slice(0, 500) });
}

/** Returns the problem of a gateway that did not answer. */
function silence(cause) {
  return new Problem({
    title: "the gateway did not answer",
    detail: `The connection to it has failed (${cause.message}).`,
    hint: "Is serial-rpc-gateway still running? This page goes on by itself as soon as it is there again.",
  });
}

function cutShort(cause) {
  return new Problem({ title: "the answer was cut short", detail: `The gateway has ended it (${cause.message}).` });
}

async function answer(path, options) {
  const headers = { ...options.headers, ...authorization() };
  try {
    return await fetch(path, { cache: "no-store", ...options, headers });
  } catch (cause) {
    if (cause.name === "AbortError") {
      throw cause;
    }
    throw silence(cause);
  }
}
