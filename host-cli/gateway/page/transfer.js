// Moves a block: reads it with its progress, and writes a file to it with its progress.

import { Problem, linesOf, ofDevice, pieceFrom, request } from "./api.js";
import { parse } from "./json.js";

/** Reads a block; `progress` gets the bytes so far and the bytes in all, if that is known. */
export async function readBlock(device, name, signal, progress) {
  const response = await request(ofDevice(device.name, "blocks", name), { signal, headers: { Accept: "application/octet-stream" } });
  const total = Number(response.headers.get("Content-Length") ?? NaN);
  const pieces = [];
  let count = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await pieceFrom(reader);
    if (done) {
      break;
    }
    pieces.push(value);
    count += value.length;
    progress(count, total);
  }
  if (count < total) {
    throw new Problem({ title: "the block was cut short", detail: `Only ${count} of its ${total} bytes came.` });
  }
  return new Blob(pieces, { type: "application/octet-stream" });
}

/** Writes a file to a block; `progress` gets the bytes that have reached the device, and all. */
export async function writeBlock(device, name, file, signal, progress) {
  const headers = { "Content-Type": "application/octet-stream", Accept: "application/jsonl, application/json" };
  const response = await request(ofDevice(device.name, "blocks", name), { method: "PUT", headers, body: file, signal });
  if (!response.headers.get("Content-Type")?.startsWith("application/jsonl")) {
    return;
  }
  for await (const line of linesOf(response.body)) {
    const { written, problem } = line === "" ? {} : parse(line);
    if (problem) {
      throw new Problem(problem);
    }
    if (written !== undefined) {
      progress(written, file.size);
    }
  }
}
