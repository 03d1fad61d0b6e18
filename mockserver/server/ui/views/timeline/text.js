// The parts of the timeline as text.

import { h } from "../../dom.js";
import * as format from "../../format.js";
import { findingAddress, outcomeBadge } from "../marks.js";
import { offset } from "./scale.js";
/** @import { Finding } from "../../types.d.ts" */

/** What the player does, by the kind of a span of the lane `playback`. */
export const KINDS = {
  starting: "Not playing yet", main: "Playing", ad: "In an ad", paused: "Paused", buffering: "Buffering",
  stalled: "Stalled: the playhead does not move", gap: "In an ad break, between ads", stopped: "Stopped by an error",
};
const LANES = { break: "Ad break", ad: "Ad", chapter: "Chapter", state: "State", quality: "Bitrate", silence: "Silence" };
const MOST = 8;
const MOST_OF_THE_WORST = 3;

/** One line about a thing, for tool tips and for people who listen. */
export function title(thing, first) {
  if (thing.kind === "span") {
    const { span, lane } = thing;
    const name = lane.name === "playback" ? KINDS[span.kind] ?? span.kind : `${LANES[lane.name]} ${span.label}`;
    return `${name}, ${format.duration(span.to_ms - span.from_ms)} from ${offset(span.from_ms - first)}`;
  }
  if (thing.kind === "pins") return thing.items.length === 1 ? `${thing.items[0].code}: ${thing.items[0].message}` : `${thing.items.length} findings`;
  return thing.items.length === 1 ? event(thing.items[0], first) : `${thing.items.length} requests from ${offset(thing.items[0].ms - first)}`;
}

function event(mark, first) {
  return `${mark.event_type ?? "unreadable"} at ${offset(mark.ms - first, 1)}, ${mark.status ?? "no answer"}`;
}

/** All there is to say about a thing, as elements. */
export function details(thing, first) {
  if (thing.kind === "span") return spanDetails(thing, first);
  if (thing.kind === "pins") return many(thing.items, findingDetails);
  return many(thing.items, (mark) => markDetails(mark, first));
}

/** The top findings of a session, shown while nothing is selected. */
export function worst(pins) {
  const ranked = [...pins].sort((left, right) => left.rank - right.rank).map(({ finding }) => finding);
  return [h("h2", "Top findings"), ...many(ranked, findingDetails, MOST_OF_THE_WORST, "see Findings")];
}

function many(items, draw, most = MOST, where = "zoom in") {
  const more = items.length - most;
  return [...items.slice(0, most).map(draw), more > 0 ? h("p.muted", `and ${format.count(more)} more: ${where}`) : null];
}

function spanDetails({ span, lane }, first) {
  return h("div.about",
    h("p", h("strong", lane.name === "playback" ? KINDS[span.kind] ?? span.kind : LANES[lane.name]), " ",
      lane.name === "playback" ? null : h("bdi", span.label)),
    h("p.muted", `${offset(span.from_ms - first)} to ${offset(span.to_ms - first)}, ${format.duration(span.to_ms - span.from_ms)}`),
    h("p", request(span.first_seq), " \u2013 ", request(span.last_seq),
      h("span.muted", span.ended_by ? ` ended by ${span.ended_by}` : " still open at the last event")));
}

function markDetails(mark, first) {
  const tone = format.statusTone(mark.status);
  return h("div.about",
    h("p", request(mark.seq, mark.index), " ", h("strong", h("bdi", mark.event_type ?? "unreadable")), " ",
      h("span.status", { class: tone }, mark.status ?? "no answer"),
      outcomeBadge(mark.outcome),
      mark.fault_ids.map((fault) => h("a.badge.error", { href: "#/faults" }, fault))),
    h("p.muted", `${offset(mark.ms - first, 1)}, playhead ${format.playhead(mark.playhead_s ?? NaN) || "unknown"}, ${arrival(mark)}`),
    mark.findings.slice(0, 3).map((finding) => findingDetails(finding)));
}

function arrival(mark) {
  const late = mark.arrivedMs - mark.ms;
  const when = Math.abs(late) < 1 ? "arrived at once" : `arrived ${format.duration(Math.abs(late))} ${late > 0 ? "later" : "earlier"}`;
  if (mark.place === null) return `${when}, never processed`;
  if (mark.moved === 0) return when;
  const places = Math.abs(mark.moved) === 1 ? "one place" : `${Math.abs(mark.moved)} places`;
  return `${when}, processed ${places} ${mark.moved < 0 ? "before" : "after"} its arrival`;
}

/** @param {Finding} finding */
function findingDetails(finding) {
  return h("div.finding", { class: finding.severity },
    h("p", h("a.badge", { class: finding.severity, href: findingAddress(finding), title: "The address of this finding" }, finding.code), " ", h("bdi", finding.message)),
    h("p.muted", finding.consequence));
}

function request(seq, index = null) {
  return h("a.number", { href: `#/events/${seq}` }, index === null ? `#${seq}` : `#${seq}[${index}]`);
}
