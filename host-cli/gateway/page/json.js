// Reads JSON without losing digits.

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** Reads JSON. An integer that a double cannot hold becomes a string of its digits. */
export function parse(text) {
  return JSON.parse(text.replace(TOKEN, quoted));
}

function quoted(token) {
  const isExact = !/^-?\d{16,}$/.test(token) || Number.isSafeInteger(Number(token));
  return isExact ? token : `"${token}"`;
}
