// The token that a gateway asks for if it listens beyond this machine.

import { element } from "./element.js";

const KEY = "serial-rpc token";
let asking = null;

/** Returns the headers that carry the token, if there is one. */
export function authorization() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Asks for the token. However many requests need it, there is one dialog. */
export function askForToken() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

function ask() {
  const input = element("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const wasWrong = sessionStorage.getItem(KEY) !== null;
  const dialog = element(
    "dialog",
    { "aria-labelledby": "token-title" },
    element(
      "form",
      { method: "dialog" },
      element("h2", { id: "token-title" }, "This gateway asks for a token"),
      element("p", {}, "It is in the file that the gateway was started with (--token-file)."),
      wasWrong && element("p", { class: "mistake", role: "alert" }, "That was not it."),
      element("div", { class: "field" }, element("label", { for: "token" }, "Token"), input),
      element("button", { class: "primary" }, "Continue"),
    ),
  );
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(KEY, input.value.trim());
      dialog.remove();
      resolve();
    });
  });
}
