// One request in the list.

import { h } from "../dom.js";
import * as format from "../format.js";
import { faultsBadge, outcomeBadge } from "./marks.js";

/** What a request is called where there is no event type. */
export function requestTitle(row) {
  if (row.event_type) return row.event_type;
  if (row.batch) return `download of ${format.count(row.batch)} events`;
  return { schema: "schema read", preflight: "preflight", download: "download" }[row.operation] ?? `${row.method} ${row.path}`;
}

/** The cells of a row. */
export function cells(row) {
  return [
    h("span.mono", row.seq),
    h("time.mono", { title: format.instant(row.at_ms) }, format.clock(row.at_ms)),
    h("bdi.type", format.shorten(requestTitle(row), 120)),
    h("span.status", { class: format.statusTone(row.status) }, row.status ?? "none"),
    h("span.number", { class: "muted" }, row.playhead_s === null ? "" : format.playhead(row.playhead_s)),
    row.session_id
      ? h("a.mono", { href: `#/sessions/${encodeURIComponent(row.session_id)}`, tabindex: -1, title: format.shorten(row.session_id, 200) }, format.shorten(row.session_id, 12))
      : h("span.muted", "\u2014"),
    h("span.what", marks(row), h("bdi", { class: row.detail ? "error-text" : "muted" }, format.shorten(row.detail || row.name, 200))),
  ];
}

function marks(row) {
  const delivery = row.delivery === "sent" ? null : h("span.badge.info", row.delivery.replaceAll("_", " "));
  return [outcomeBadge(row.outcome), faultsBadge(row.faults), delivery];
}
