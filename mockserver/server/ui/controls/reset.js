// Resetting the server, wholly or in part.

import { h } from "../dom.js";
import { createActions } from "./actions.js";
/** @import { Api } from "../api.js" */

const PARTS = ["journal", "sessions", "faults", "clock", "settings"];

/**
 * Make the card; `done()` is called when something was reset.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createReset({ api, announce, equivalents, done }) {
  const actions = createActions({ api, announce, equivalents, changed: done });
  const boxes = PARTS.map((part) => h("input", { type: "checkbox", value: part, checked: true, onChange: changed }));
  const button = actions.button("Wipe", request, { class: "danger", confirm: "Wipe?", said: "Wiped" });
  const element = h("section.card", { "aria-label": "Wipe" },
    h("h2", "Wipe everything, or a part"),
    h("p.muted", "Removes what was recorded, and restores the selected parts to their state at the start of the server."),
    h("div.toolbar", { role: "group", "aria-label": "What to reset" }, PARTS.map((part, n) => h("label.inline", boxes[n], " ", part))),
    h("div.toolbar", button), actions.problem);

  function request() {
    const only = boxes.filter((box) => box.checked).map((box) => box.value);
    return { method: "POST", path: "/reset", body: only.length === PARTS.length ? {} : { only } };
  }

  function changed() {
    button.disabled = !boxes.some((box) => box.checked);
    equivalents.show("Wipe", request());
  }

  return { element };
}
