// The strip that shows the request of a control as curl and Python, before and after it was used.

import { copyButton, h, renew, replace } from "../dom.js";
import { toCurl, toPython } from "./equivalent.js";
/** @import { Api } from "../api.js" */

/**
 * Make the strip; `show(label, request)` fills it, `clear()` empties it.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createEquivalents({ api, open = !matchMedia("(max-width: 760px)").matches, hint = "Point at a control to see its request." }) {
  const subject = h("span.subject", hint);
  const body = h("div.lines");
  const element = h("details.equivalents", { open, onToggle: probe }, h("summary", h("span.what", "curl and Python"), " ", subject), body);
  let shown = null;
  let token = false;
  let asked = false;

  /** Find out whether the lines need a token; not before they are shown, since a browser logs the refusal. */
  async function probe() {
    if (asked || !element.open) return;
    asked = true;
    try {
      token = (await fetch(`${api.base}/version`, { credentials: "omit" })).status === 401;
    } catch {
      return; // the connection state says it already
    }
    if (token && shown) show(...shown);
  }

  function show(label, request) {
    shown = [label, request];
    subject.textContent = label;
    renew(body, line("curl", toCurl(request, api.base, token)), line("Python", toPython(request)));
  }

  function clear() {
    shown = null;
    subject.textContent = hint;
    replace(body);
  }

  probe();
  return { element, show, clear };
}

function line(name, text) {
  return h("div.line-of-code", h("span.name", name),
    h("pre.code", { tabindex: 0, role: "region", "aria-label": name, dataset: { language: name.toLowerCase() } }, text), copyButton(() => text, `the ${name} line`));
}
