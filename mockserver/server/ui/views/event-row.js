// One request in the list.

import { h } from "../dom.js";
import * as format from "../format.js";
import { faultsBadge, findingAddress, outcomeBadge } from "./marks.js";

/** The columns, those with the order that a press on their title asks for. */
export const COLUMNS = [{ title: "No.", sort: "-seq" }, "Time", "After", { title: "Event", sort: "event_type" }, { title: "Status", sort: "-status" }, "Playhead", "Session", "What"];
const MOST_FINDINGS = 3;

/** What a request is called where there is no event type. */
export function requestTitle(row) {
  if (row.event_type) return row.event_type;
  if (row.batch) return `download of ${format.count(row.batch)} events`;
  return { schema: "schema read", preflight: "preflight", download: "download" }[row.operation] ?? `${row.method} ${row.path}`;
}

/** The cells of a row. `follow(session_id)` is the address of the list of the requests of a session. */
export function cells(row, follow) {
  return [
    h("span.mono", row.seq),
    h("time.mono", { title: `${format.instant(row.at_ms)}, shown in ${format.zone(row.at_ms)}` }, format.clock(row.at_ms)),
    h("span.number", { class: "muted", title: "Since the previous request of its session" }, row.gap_ms === null ? "" : `+${format.duration(row.gap_ms)}`),
    h("bdi.type", { title: format.shorten(requestTitle(row), 1000) }, format.shorten(requestTitle(row), 120)),
    h("span.status", { class: format.statusTone(row.status) }, row.status ?? "none"),
    h("span.number", row.playhead_s === null ? "" : format.playhead(row.playhead_s), row.moved_s ? h("span.muted", ` ${format.signed(row.moved_s)}`) : null),
    session(row, follow),
    h("span.what", { title: [...row.faults, ...Object.keys(row.findings), format.shorten(row.detail || row.name, 1000)].filter(Boolean).join("\n") }, marks(row), h("bdi", { class: row.detail ? "error-text" : "muted" }, format.shorten(row.detail || row.name, 200))),
  ];
}

function session({ session_id: sid, content, player }, follow) {
  if (!sid) return h("span.muted", "\u2014");
  return h("a.whose", { href: follow(sid), tabindex: -1, title: `Only the requests of ${[content, player, `session ${sid}`].filter(Boolean).map((text) => format.shorten(text, 200)).join(", ")}` },
    content ? [h("bdi", format.shorten(content, 80)), player && [" \u00b7 ", h("bdi", format.shorten(player, 60))]] : h("span.mono", format.shorten(sid, 12)));
}

function marks(row) {
  const delivery = row.delivery === "sent" ? null : h("span.badge.info", row.delivery.replaceAll("_", " "));
  const findings = Object.entries(row.findings);
  return [
    outcomeBadge(row.outcome), faultsBadge(row.faults), delivery,
    findings.slice(0, MOST_FINDINGS).map(([code, severity]) =>
      h("a.badge", { class: severity, href: findingAddress({ session_id: row.session_id, code, seqs: [] }), tabindex: -1, title: `Finding: ${code}`, dataset: { sign: "" } }, code)),
    findings.length > MOST_FINDINGS && h("span.badge", `+${findings.length - MOST_FINDINGS}`),
  ];
}
