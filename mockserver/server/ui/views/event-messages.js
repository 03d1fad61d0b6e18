// A request and its answer as on the wire.

import { copyButton, h, replace } from "../dom.js";
import * as format from "../format.js";
import { tree } from "../tree.js";
/** @import { Entry } from "../types.d.ts" */

const MOST_RAW = 20000;

/**
 * The body of the request, parsed or as it was sent.
 *
 * @param {Entry} entry
 */
export function requestBody(entry) {
  const { body: text, body_encoding: encoding } = entry.request;
  if (!text) return h("p.muted", "None.");
  const size = h("span.muted", `${format.bytes(encoding === "base64" ? Math.floor((text.length * 3) / 4) : new TextEncoder().encode(text).length)}${encoding === "base64" ? ", binary, shown as base64" : ""}`);
  const place = h("div");
  const isParsed = entry.event !== null && entry.event !== undefined;
  const button = h("button.button", { type: "button" });
  let parsed = isParsed;

  function show() {
    replace(place, parsed ? tree(entry.event, entry.violations) : raw(text));
    button.textContent = parsed ? "As sent" : "Parsed";
  }

  button.addEventListener("click", () => {
    parsed = !parsed;
    show();
  });
  show();
  return [h("div.toolbar.body-bar", size, isParsed ? button : h("span.badge.warning", "not valid JSON"), copyButton(() => text, "the body")), place];
}

function raw(text) {
  const shown = h("pre.raw", { tabindex: 0, "aria-label": "Body as sent" }, text.slice(0, MOST_RAW));
  if (text.length <= MOST_RAW) return shown;
  const button = h("button.button", { type: "button" }, `Show all ${format.count(text.length)} characters`);
  button.addEventListener("click", () => {
    shown.textContent = text;
    button.remove();
  });
  return [shown, button];
}

/**
 * The answer.
 *
 * @param {Entry} entry
 */
export function response(entry) {
  if (!entry.response) return h("p.muted", "None: a fault prevented the answer.");
  const { status: code, headers: fields, body: text } = entry.response;
  return [line(String(code)), headers(fields), text ? raw(text) : null];
}

/**
 * The first line and the headers of the request.
 *
 * @param {Entry} entry
 */
export function requestHead({ request }) {
  return [line(`${request.method} ${request.path}`), headers(request.headers)];
}

function line(text) {
  return h("pre.line", { tabindex: 0, "aria-label": "First line" }, text);
}

function headers(fields) {
  if (!fields.length) return h("p.muted", "No headers.");
  return h("table.table.headers", h("caption.hidden-text", "Headers"), h("tbody", fields.map(([name, value]) => h("tr", h("th", { scope: "row" }, name), h("td.mono", h("bdi", format.shorten(value, 5000)))))));
}
