// The head of a session: its content, its client, and its time left.

import { queryString } from "../api.js";
import { h, renew } from "../dom.js";
import * as format from "../format.js";
import { phaseBadge, SOON_MS } from "./marks.js";
import { known, notAccepted } from "./session-row.js";
/** @import { SessionView } from "../types.d.ts" */

/** Make what stands above the tabs; `actions` are the buttons in it, `show(session)` fills it. */
export function createHeading({ clock, actions }) {
  const element = h("header.session-head");
  const bar = h("div.toolbar");
  const facts = h("dl.facts");
  const tools = h("span.end.toolbar", actions);

  return {
    element,
    /** @param {SessionView} session */
    show(session) {
      renew(bar, title(session), tools);
      renew(facts, about(session, clock));
      renew(element, bar, facts);
    },
  };
}

/** @param {SessionView} session */
function title(session) {
  const { content } = session;
  const name = content.media_name || content.media_id || "(no content named)";
  return [
    h("a.button.quiet", { href: "#/sessions", "aria-label": "All sessions", title: "All sessions" }, "\u2190"),
    h("h1", h("bdi", { title: format.shorten(name, 2000) }, format.shorten(name, 120))),
    phaseBadge(session.phase),
    session.closed_by && h("span.muted", format.closing(session)),
  ];
}

/** @param {SessionView} session */
function about(session, clock) {
  const { content } = session;
  return [
    fact("Session", h("span.mono", { title: format.shorten(session.sid, 200) }, format.shorten(session.sid, 16)), h("span.muted", ` no. ${session.seq}`)),
    content.media_id && fact("Content", h("bdi", format.shorten(content.media_id, 80))),
    content.content_type && fact("Type", h("bdi", format.shorten(content.content_type, 30))),
    fact("Player", h("bdi", format.shorten(content.player_name || "unknown", 60)), content.library_version && h("bdi.muted", ` ${format.shorten(content.library_version, 40)}`)),
    fact("API", format.apiName(session.dialect)),
    fact("Opened", h("time", { title: format.instant(session.opened_ms) }, `${format.clockSeconds(session.opened_ms)} ${format.zone(session.opened_ms)}`)),
    fact("Events", `${format.count(session.events)} accepted`, notAccepted(session).map(({ text, q }) => [", ", h("a.error-text", { href: `#/events${queryString({ session_id: session.sid, q })}` }, text)])),
    fact("Playhead", format.playhead(session.playhead_s)),
    lifetime(session, clock),
  ];
}

/** Count down; true when a deadline has passed. */
export function tick(head, session, clock) {
  let passed = false;
  for (const part of head.querySelectorAll("[data-at]")) {
    const left = Number(part.dataset.at) - clock.now();
    part.textContent = format.countdown(left);
    part.classList.toggle("soon", left < SOON_MS);
    passed ||= left < -1500 && left > -6000;
  }
  return passed;
}

/** @param {SessionView} session */
function lifetime(session, clock) {
  const { forget_ms: forgotten } = session.deadlines;
  const deadlines = known(session);
  if (forgotten !== null) return fact("Forgotten in", left(forgotten, "After that, its events are answered 404", clock));
  return deadlines.length ? fact("Closes in", deadlines.map(([name, at, title], n) => [n ? ", " : "", left(at, title, clock), ` (${name})`])) : null;
}

function left(at, title, clock) {
  const ms = at - clock.now();
  return h("span.number", { class: ms < SOON_MS ? "soon" : "", dataset: { at }, title }, format.countdown(ms));
}

function fact(name, ...value) {
  return h("div", h("dt", name), h("dd", value));
}
