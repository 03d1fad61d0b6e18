// The keyboard: the keys that work everywhere, and the help that lists all keys.

import { h } from "./dom.js";

const JUMPS = { s: "#/sessions", e: "#/events", p: "#/plan", t: "#/stories", f: "#/faults", o: "#/settings", c: "#/start" };
/** @type {[string, [string, string][]][]} */
const HELP = [
  ["Everywhere", [
    ["g then s", "sessions"], ["g then e", "events"], ["g then p", "plan"], ["g then t", "stories"], ["g then f", "faults"],
    ["g then o", "settings"], ["g then c", "connect"], ["?", "this help"], ["Esc", "leave a field, close this help"],
  ]],
  ["Lists", [
    ["/", "search"], ["\u2193 \u2191", "next, previous row"], ["Page Down, Page Up", "next, previous screen"],
    ["Home, End", "first, last row"], ["Enter", "open the row"],
  ]],
  ["One request", [["j", "next"], ["k", "previous"], ["Esc", "close it"]]],
];
const JUMP_MS = 1200;

/** Bind the keys that work everywhere. */
export function bindKeys({ go }) {
  let since = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isField(event.target)) return /** @type {HTMLElement} */ (event.target).blur();
    if (isField(event.target) || document.querySelector("dialog[open]")) return;
    const jump = event.timeStamp - since < JUMP_MS ? JUMPS[event.key] : undefined;
    since = event.key === "g" ? event.timeStamp : -Infinity;
    if (jump) go(jump);
    else if (event.key === "?") showHelp();
    else if (event.key === "/") /** @type {HTMLElement} */ (document.querySelector("[data-search]"))?.focus();
    else return;
    event.preventDefault();
  });
}

/** Show the help. */
export function showHelp() {
  const dialog = h("dialog.help", { "aria-labelledby": "help-title", onClose: () => dialog.remove() },
    h("form", { method: "dialog" },
      h("header", h("h2#help-title", "Keyboard"), h("button.button", { autofocus: true }, "Close")),
      HELP.map(([title, keys]) => [
        h("h3", title),
        h("dl.keys", keys.map(([key, does]) => [h("dt", key.split(/[ ,]+(?!Down|Up)/).map(word)), h("dd", does)])),
      ])));
  document.body.append(dialog);
  dialog.showModal();
}

function word(text) {
  return text === "then" ? " then " : [h("kbd", text), " "];
}

function isField(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
