// The page: the devices of the gateway, which come and go, and the one that is looked at.

import { deviceView } from "./device.js";
import { element, replace } from "./element.js";
import { follow } from "./live.js";

const list = document.getElementById("devices");
const main = document.getElementById("main");
const connection = document.getElementById("connection");
const announcements = document.getElementById("announcements");

let devices = null;
let view = null;
let viewed = null;

window.addEventListener("hashchange", () => choose(true));
follow("devices/changes", new AbortController().signal, changed, connected);

function changed(now) {
  announce(devices ?? now, now);
  devices = now;
  replace(list, now.map(entry));
  choose(false);
  view?.update(now.find(({ name }) => name === viewed) ?? { name: viewed, state: "absent", port: "", interface: null });
}

function connected(problem) {
  connection.textContent = problem ? "The gateway does not answer. This page tries again." : "";
  connection.className = problem ? "mistake" : "";
}

/** Shows the device in the address, or the first one. */
function choose(isAsked) {
  const wanted = nameInAddress();
  const name = wanted ?? viewed ?? devices?.[0]?.name ?? null;
  for (const link of list.querySelectorAll("a")) {
    link.toggleAttribute("aria-current", false);
    if (link.dataset.name === name) {
      link.setAttribute("aria-current", "page");
    }
  }
  if (name === null) {
    replace(main, element("p", { class: "empty" }, "The gateway has no device. One that is plugged in appears here."));
    return;
  }
  const device = devices?.find((known) => known.name === name);
  if (name === viewed || (!device && !wanted)) {
    return;
  }
  view?.stop();
  viewed = name;
  view = deviceView(device ?? { name, state: "absent", port: "", interface: null });
  replace(main, view.node);
  document.title = `${name} · serial-rpc gateway`;
  if (isAsked) {
    view.title.focus();
  }
}

function nameInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

function entry({ name, state }) {
  const link = element("a", { href: `#${encodeURIComponent(name)}`, class: state }, element("span", { class: "dot", "aria-hidden": "true" }), name, " ", element("small", {}, state === "present" ? "" : state));
  link.dataset.name = name;
  return element("li", {}, link);
}

/** Tells screen readers what has come and gone. */
function announce(before, now) {
  const was = new Map(before.map(({ name, state }) => [name, state]));
  const isNow = new Map(now.map(({ name, state }) => [name, state]));
  const words = [
    ...now.filter(({ name }) => !was.has(name)).map(({ name }) => `${name} has come.`),
    ...before.filter(({ name }) => !isNow.has(name)).map(({ name }) => `${name} has gone.`),
    ...now.filter(({ name, state }) => was.has(name) && was.get(name) !== state).map(({ name, state }) => `${name} is ${state}.`),
  ];
  if (words.length > 0) {
    announcements.textContent = words.join(" ");
  }
}
