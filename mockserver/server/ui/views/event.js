// One request and its answer as on the wire, and its problems.

import { path } from "../api.js";
import { copyButton, h, replace } from "../dom.js";
import * as format from "../format.js";
import { toCurl, toJson, toPytest } from "../copy.js";
import { tree } from "../tree.js";
import { requestTitle } from "./event-row.js";
import { summary } from "../journal-rows.js";
/** @import { Api } from "../api.js" */
/** @import { Entry } from "../types.d.ts" */

const MOST_RAW = 20000;
const OUTCOME_TEXTS = {
  opened: "Opened a session.",
  accepted: "Accepted.",
  invalid: "Refused: the body breaks the rules below.",
  unknown_session: "Unknown session.",
  session_closed: "The session is closed.",
  no_route: "No such route: this method and path are unknown.",
  not_processed: "Not processed: a fault ended it first.",
  answered: "Answered without any effect.",
};
const DELIVERY_TEXTS = {
  sent: "sent completely",
  cut: "withheld or cut by a fault",
  client_gone: "not sent: the client had left",
  pending: "not sent yet",
};

/**
 * One entry of the journal.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, params, go }) {
  const seq = Number(params.seq);
  const element = h("article.entry", { "aria-busy": "true" }, h("p.empty", "Loading"));
  const server = new URL(api.base).origin;
  let disposed = false;
  let shown = null;

  async function load() {
    try {
      const entry = await api.get(path`/events/${seq}`);
      if (disposed) return;
      if (JSON.stringify(entry) !== JSON.stringify(shown)) replace(element, draw(entry));
      shown = entry;
    } catch (error) {
      if (!disposed) replace(element, h("div.empty", { role: "alert" }, h("h1", `Request ${seq}`), h("p", error.message), h("a.button", { href: "#/events" }, "All requests")));
    }
    element.removeAttribute("aria-busy");
  }

  /** @param {Entry} entry */
  function draw(entry) {
    const row = summary(entry);
    return [
      h("header.entry-head",
        h("div.toolbar",
          h("h1", h("span.muted.number", `#${entry.seq} `), h("bdi", format.shorten(requestTitle(row), 120))),
          status(entry),
          h("span.end"),
          h("a.button", { href: `#/events/${seq - 1}`, "aria-label": "Previous request", title: "Previous request (k)", hidden: seq <= 1 }, "\u2190"),
          h("a.button", { href: `#/events/${seq + 1}`, "aria-label": "Next request", title: "Next request (j)" }, "\u2192")),
        h("div.toolbar.takeaway", h("span.muted", "Copy as"),
          copyButton(() => toCurl(entry, server), "as curl", "curl"),
          copyButton(() => toPytest(entry), "as pytest", "pytest"),
          copyButton(() => toJson(entry), "as JSON", "JSON"))),
      facts(entry),
      entry.violations.length ? violations(entry) : null,
      h("section.card", { "aria-label": "Body" }, h("h2", "Body"), body(entry)),
      h("section.card", { "aria-label": "Request" }, h("h2", "Request"),
        line(`${entry.request.method} ${entry.request.path}`), headers(entry.request.headers)),
      h("section.card", { "aria-label": "Response" }, h("h2", "Response"), response(entry)),
    ];
  }

  /** @param {Entry} entry */
  function facts(entry) {
    const sid = entry.session_id;
    return h("dl.facts",
      fact("Outcome", OUTCOME_TEXTS[entry.outcome] ?? entry.outcome),
      fact("Recorded", h("time", { title: format.instant(entry.at_ms) }, `${format.clock(entry.at_ms)}, ${format.date(entry.at_ms)}`)),
      entry.held_ms && fact("Held back", `${format.duration(entry.held_ms)} before it was processed`),
      sid && fact("Session", h("a.mono", { href: `#/sessions/${encodeURIComponent(sid)}`, title: format.shorten(sid, 200) }, format.shorten(sid, 20))),
      late(entry),
      fact("Answer", DELIVERY_TEXTS[entry.delivery] ?? entry.delivery),
      entry.fault_ids.length > 0 && fact("Faults", entry.fault_ids.map((id) => [h("a.badge.error", { href: "#/faults" }, id), " "])),
      entry.draws.length > 0 && fact("Draws", entry.draws.map(({ fault_id, value, fired }) => `${fault_id}: ${value.toFixed(4)} ${fired ? "fired" : "did not fire"}`).join(", ")));
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    if (event.key === "j") go(`#/events/${seq + 1}`);
    else if (event.key === "k" && seq > 1) go(`#/events/${seq - 1}`);
  }

  document.addEventListener("keydown", onKey);
  const stop = live.subscribe((batch) => {
    const concerns = shown === null || shown.delivery === "pending" || batch.some(({ type }) => type === "reset");
    if (concerns && batch.some(({ type }) => type !== "state")) load();
  });
  load();

  return {
    element,
    dispose() {
      disposed = true;
      stop();
      document.removeEventListener("keydown", onKey);
    },
  };
}

/** @param {Entry} entry */
function status(entry) {
  const code = entry.response?.status;
  return h("span.badge", { class: { ok: "ok", warning: "warning", error: "error" }[format.statusTone(code)] ?? "" }, code ?? "no answer");
}

function fact(name, ...value) {
  return h("div", h("dt", name), h("dd", value));
}

/** @param {Entry} entry */
function late(entry) {
  const ts = (entry.normal ?? entry.event)?.playerTime?.ts;
  if (typeof ts !== "number") return null;
  const by = entry.at_ms - (entry.held_ms ?? 0) - ts;
  const text = by === 0 ? "at that instant" : by > 0 ? `${format.duration(by)} before it was received` : `${format.duration(-by)} after it was received`;
  return fact("Player's time", h("time", { title: format.instant(ts) }, format.clock(ts)), ` (${text})`);
}

/** @param {Entry} entry */
function violations(entry) {
  const n = entry.violations.length;
  return h("section.card.violations", { "aria-label": "Problems" },
    h("h2", n === 1 ? "1 problem" : `${format.count(n)} problems`),
    h("ul.why", entry.violations.slice(0, 50).map(({ path: where, rule, detail }) =>
      h("li", where ? h("code", format.shorten(where, 200)) : null, " ", h("bdi", format.shorten(detail, 2000)), h("span.rule", rule)))));
}

/** @param {Entry} entry */
function body(entry) {
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

/** @param {Entry} entry */
function response(entry) {
  if (!entry.response) return h("p.muted", "None: a fault prevented the answer.");
  const { status: code, headers: fields, body: text } = entry.response;
  return [line(String(code)), headers(fields), text ? raw(text) : null];
}

function line(text) {
  return h("pre.line", { tabindex: 0, "aria-label": "First line" }, text);
}

function headers(fields) {
  if (!fields.length) return h("p.muted", "No headers.");
  return h("table.table.headers", h("caption.hidden-text", "Headers"), h("tbody", fields.map(([name, value]) => h("tr", h("th", { scope: "row" }, name), h("td.mono", h("bdi", format.shorten(value, 5000)))))));
}
