// What happened to a request, step by step.

import { h } from "../dom.js";
import * as format from "../format.js";
/** @import { Entry } from "../types.d.ts" */

const OUTCOMES = {
  opened: "Opened a session.",
  accepted: "Accepted.",
  invalid: "Refused: the body breaks the rules above.",
  unknown_session: "Unknown session.",
  session_closed: "The session is closed.",
  no_route: "No such route: this method and path are unknown.",
  not_processed: "Not processed: a fault ended it first.",
  answered: "Answered without any effect.",
};
const DELIVERIES = {
  sent: "sent completely",
  cut: "withheld or cut by a fault",
  client_gone: "not sent: the client had left",
  pending: "not sent yet",
};

/**
 * The facts of an entry in the order in which they happened.
 *
 * @param {Entry} entry
 */
export function journey(entry) {
  const sid = entry.session_id;
  const received = entry.at_ms - (entry.held_ms ?? 0);
  return h("dl.facts.journey", { "aria-label": "Journey" },
    sid && fact("Session", h("a.mono", { href: `#/sessions/${encodeURIComponent(sid)}`, title: format.shorten(sid, 200) }, format.shorten(sid, 20)),
      " ", h("a", { href: `#/events?session_id=${encodeURIComponent(sid)}` }, "its requests")),
    sent(entry, received),
    fact("Received", h("time", { title: format.instant(received) }, `${format.clock(received)} ${format.zone(received)}, ${format.date(received)}`)),
    entry.held_ms && fact("Held back", `${format.duration(entry.held_ms)} before it was processed`),
    entry.fault_ids.length > 0 && fact("Faults", entry.fault_ids.map((id) => [h("a.badge.error", { href: "#/faults" }, id), " "])),
    entry.draws.length > 0 && fact("Draws", entry.draws.map(({ fault_id, value, fired }) => `${fault_id}: ${value.toFixed(4)} ${fired ? "fired" : "did not fire"}`).join(", ")),
    fact("Outcome", OUTCOMES[entry.outcome] ?? entry.outcome),
    fact("Answer", entry.response ? `${entry.response.status}, ` : "", DELIVERIES[entry.delivery] ?? entry.delivery));
}

function fact(name, ...value) {
  return h("div", h("dt", name), h("dd", value));
}

/** @param {Entry} entry */
function sent(entry, received) {
  const ts = (entry.normal ?? entry.event)?.playerTime?.ts;
  if (typeof ts !== "number") return null;
  const by = received - ts;
  const text = by === 0 ? "at that instant" : by > 0 ? `${format.duration(by)} before it was received` : `${format.duration(-by)} after it was received`;
  return fact("Player's time", h("time", { title: format.instant(ts) }, format.clock(ts)), ` (${text})`);
}
