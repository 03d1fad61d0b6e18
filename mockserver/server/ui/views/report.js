// What Adobe would have computed from a session, and why.

import { path } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { createReadingTab } from "./reading-tab.js";
import { figures } from "./report-figures.js";
/** @import { Api } from "../api.js" */
/** @import { Finding, Metric, SessionReport } from "../types.d.ts" */

const MOST_PARTS = 200;
const MOST_ADDENDS = 4;
const MOST_FINDINGS = 1000;
/** The unit of a metric, by the end of its name. */
const UNITS = { s: " s", ms: " ms", kbps: " kbit/s" };

/**
 * Make the tab of a session.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createReportTab({ api, sid }) {
  const open = new Set(); // explanations that were opened stay open when numbers change
  return createReadingTab("div.report", {
    read: () => Promise.all([api.get(`${path`/sessions/${sid}`}/report`), api.get(`${path`/sessions/${sid}`}/findings`, { limit: MOST_FINDINGS })]),
    said: ([report, { findings }]) => [{ ...report, as_of_ms: 0 }, findings],
    draw: ([report, { findings }]) => draw(report, findings, open),
  });
}

/**
 * @param {SessionReport} report
 * @param {Finding[]} findings
 */
function draw(report, findings, open) {
  return [
    figures(report, findings),
    h("p.session-notes.muted", report.final ? "Final: the session is over." : "Provisional: as if the session closed now.",
      report.reported ? null : h("strong.error-text", " It would not be reported at all.")),
    report.notes.map((note) => h("p.card.note", h("bdi", note.text), " ", links(note.seqs))),
    section("Content", report.metrics, open, "content"),
    section("Ratios", report.ratios, open, "ratios"),
    report.ads.map((ad) => section(`Ad ${ad.number} in break ${ad.break_number}`, ad.metrics, open, `ad${ad.number}`, called(ad, "ad"))),
    report.chapters.map((chapter) => section(`Chapter ${chapter.number}`, chapter.metrics, open, `chapter${chapter.number}`, called(chapter, "chapter"))),
    report.states.map((state) => section(`State ${state.name}`, state.metrics, open, `state${state.name}`)),
    dimensions(report.dimensions),
  ];
}

function called(part, what) {
  const ended = part.ended_by ? `ended by ${part.ended_by}` : "never ended";
  return [ended, part.reported === false ? `not reported without an id` : null].filter(Boolean).join(", ");
}

function section(title, metrics, open, key, about = "") {
  const sent = metrics.filter(({ value }) => value !== null);
  const unsent = metrics.filter(({ value }) => value === null);
  return h("section.card", h("h2", h("bdi", title), about ? h("span.muted", ` ${about}`) : null),
    h("table.table.metrics",
      h("thead", h("tr", h("th", { scope: "col" }, "Metric"), h("th.number", { scope: "col" }, "Reported"), h("th.number", { scope: "col" }, "Exact"), h("th", { scope: "col" }, "Why"))),
      h("tbody", sent.map((metric) => row(metric, open, `${key}/${metric.name}`)))),
    unsent.length ? h("p.muted.unsent", `Not sent: ${unsent.map(({ label }) => label).join(", ")}`) : null);
}

/** @param {Metric} metric */
function row(metric, open, key) {
  const unit = UNITS[metric.name.split("_").at(-1)] ?? "";
  return h("tr",
    h("th", { scope: "row" }, h("bdi", metric.label), metric.key ? h("code.muted", metric.key) : null),
    h("td.number", h("strong", h("bdi", text(metric.value, unit)))),
    h("td.number.muted", h("bdi", metric.exact === metric.value ? "" : text(metric.exact, unit))),
    h("td", why(metric.why, open, key, unit)));
}

function why(parts, open, key, unit) {
  if (!parts.length) return null;
  if (parts.length === 1) return part(parts[0], unit);
  const addends = unit && parts.length <= MOST_ADDENDS ? `: ${parts.map(({ value }) => text(value, unit)).join(" + ")}` : "";
  const list = h("details", { open: open.has(key) }, h("summary", `${format.count(parts.length)} parts${addends}`),
    h("ul", parts.slice(0, MOST_PARTS).map((one) => h("li", part(one, unit)))),
    parts.length > MOST_PARTS ? h("p.muted", `and ${format.count(parts.length - MOST_PARTS)} more`) : null);
  list.addEventListener("toggle", () => (list.open ? open.add(key) : open.delete(key)));
  return list;
}

function part({ seqs, value, note }, unit) {
  const named = note.split(/(#\d+)/); // a note names requests itself
  const unnamed = seqs.filter((seq) => !named.includes(`#${seq}`));
  return h("span", h("span.number", text(value, unit)), " ", h("bdi", named.map((piece, n) => (n % 2 ? request(piece.slice(1)) : piece))), " ", links(unnamed));
}

function links(seqs) {
  const shown = seqs.length > 2 ? [seqs[0], seqs.at(-1)] : seqs;
  return shown.map((seq) => [request(seq), " "]);
}

function request(seq) {
  return h("a.number", { href: `#/events/${seq}` }, `#${seq}`);
}

function text(value, unit = "") {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined) return "\u2014";
  if (typeof value === "number") return `${Math.round(value * 1000) / 1000}${unit}`;
  return format.shorten(typeof value === "string" ? value : JSON.stringify(value), 200);
}

function dimensions(values) {
  const rows = Object.entries(values);
  if (!rows.length) return null;
  return h("section.card", h("h2", "Dimensions"), h("table.table", h("tbody", rows.map(([key, value]) =>
    h("tr", h("th", { scope: "row" }, h("code", format.shorten(key, 120))), h("td", h("bdi", text(value))))))));
}
