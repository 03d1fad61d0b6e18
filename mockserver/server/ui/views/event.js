// One request beside the list: what happened to it, what is wrong with it, both bodies, and what can be done with it.

import { path } from "../api.js";
import { copyButton, h, replace } from "../dom.js";
import * as format from "../format.js";
import { toCurl, toFetch, toJson, toPytest } from "../copy.js";
import { summary } from "../journal-rows.js";
import { requestBody, requestHead, response } from "./event-messages.js";
import { journey } from "./event-journey.js";
import { requestTitle } from "./event-row.js";
import { card } from "./findings.js";
import { createAgain } from "./send-again.js";
/** @import { Api } from "../api.js" */
/** @import { Entry, Finding } from "../types.d.ts" */

const MOST_FINDINGS = 50;

/**
 * Make the panel: `show(seq)` shows an entry, null nothing. `step(1)` goes to the next one, `step(-1)` to the one before.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createPanel({ api, live, close, step }) {
  const element = h("article.entry", { hidden: true, tabindex: -1, "aria-label": "Request" });
  const server = new URL(api.base).origin;
  const again = createAgain({ server, live });
  let disposed = false;
  let seq = null;
  let shown = "";
  let delivered = false;

  async function load() {
    const mine = seq;
    try {
      const [entry, { findings }] = await Promise.all([api.get(path`/events/${mine}`), api.get("/findings", { seq: mine, limit: MOST_FINDINGS })]);
      if (disposed || mine !== seq) return;
      const text = JSON.stringify([entry, findings]);
      if (text !== shown) replace(element, draw(entry, findings));
      shown = text;
      delivered = entry.delivery !== "pending";
    } catch (error) {
      if (!disposed && mine === seq) replace(element, head(`#${mine}`, null), h("p.problem", { role: "alert" }, error.message));
    }
    element.removeAttribute("aria-busy");
  }

  function head(title, status) {
    return h("div.toolbar",
      h("h1", title), status,
      h("span.end"),
      h("button.button", { type: "button", "aria-label": "Previous request", title: "Previous request (k)", onClick: () => step(-1) }, "\u2191"),
      h("button.button", { type: "button", "aria-label": "Next request", title: "Next request (j)", onClick: () => step(1) }, "\u2193"),
      h("button.button", { type: "button", "aria-label": "Close the request", title: "Close (Esc)", onClick: close }, "\u00d7"));
  }

  /** @param {Entry} entry */
  function draw(entry, findings) {
    const row = summary(entry);
    const code = entry.response?.status;
    const tone = { ok: "ok", warning: "warning", error: "error" }[format.statusTone(code)] ?? "";
    return [
      h("header.entry-head",
        head([h("span.muted.number", `#${entry.seq} `), h("bdi", format.shorten(requestTitle(row), 120))], h("span.badge", { class: tone }, code ?? "no answer")),
        h("div.toolbar.takeaway", h("span.muted", "Copy as"),
          copyButton(() => toCurl(entry, server), "as curl", "curl"),
          copyButton(() => toFetch(entry, server), "as fetch", "fetch"),
          copyButton(() => toPytest(entry), "as pytest", "pytest"),
          copyButton(() => toJson(entry), "as JSON", "JSON"))),
      findings.length ? h("section.findings-list", { "aria-label": "Findings" }, findings.map((finding) => card(finding, entry.seq))) : null,
      entry.violations.length ? violations(entry) : null,
      journey(entry),
      h("section.card", { "aria-label": "Body" }, h("h2", "Body"), requestBody(entry)),
      again.draw(entry),
      h("section.card", { "aria-label": "Response" }, h("h2", "Response"), response(entry)),
      h("section.card", { "aria-label": "Request" }, h("h2", "Request"), requestHead(entry)),
    ];
  }

  function onKey(event) {
    if (seq === null || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "Escape") close();
  }

  const stop = live.subscribe((batch) => {
    if (seq === null) return;
    const concerns = !delivered || batch.some(({ type }) => type === "reset");
    if (concerns && batch.some(({ type }) => type !== "state")) load();
  });

  return {
    element,
    begin: () => document.addEventListener("keydown", onKey),
    show(to) {
      element.hidden = to === null;
      if (to === seq) return;
      seq = to;
      shown = "";
      delivered = false;
      element.scrollTop = 0;
      if (to === null) return replace(element);
      element.setAttribute("aria-busy", "true");
      if (!element.childNodes.length) replace(element, head(`#${to}`, null));
      load();
    },
    dispose() {
      disposed = true;
      stop();
      again.dispose();
      document.removeEventListener("keydown", onKey);
    },
  };
}

/** @param {Entry} entry */
function violations(entry) {
  const n = entry.violations.length;
  return h("section.card.violations", { "aria-label": "Problems" },
    h("h2", n === 1 ? "1 problem" : `${format.count(n)} problems`),
    h("ul.why", entry.violations.slice(0, 50).map(({ path: where, rule, detail }) =>
      h("li", where ? h("code", format.shorten(where, 200)) : null, " ", h("bdi", format.shorten(detail, 2000)), h("span.rule", rule)))));
}
