// The head of a session: its content, its client, and its time left.

import { h } from "../dom.js";
import * as format from "../format.js";
import { phaseBadge, SOON_MS } from "./marks.js";
/** @import { SessionView } from "../types.d.ts" */

const WHY = { idle_ms: "Closes unless an event arrives", stall_ms: "Closes unless the playhead moves", max_age_ms: "Closes at its maximum age", forget_ms: "Will be forgotten" };
const NAMES = { idle_ms: "Idle timeout", stall_ms: "Stall timeout", max_age_ms: "Maximum age", forget_ms: "Forgotten in" };

/**
 * What stands above the tabs.
 *
 * @param {SessionView} session
 */
export function heading(session, clock, actions) {
  const { content } = session;
  const name = content.media_name || content.media_id || "(no content named)";
  return [
    h("div.toolbar",
      h("a.button.quiet", { href: "#/sessions", "aria-label": "All sessions", title: "All sessions" }, "\u2190"),
      h("h1", h("bdi", format.shorten(name, 120))),
      phaseBadge(session.phase),
      session.closed_by && h("span.muted", `by ${format.closedByLabel(session.closed_by)}`),
      h("span.end.toolbar", actions)),
    h("dl.facts",
      fact("Session", h("span.mono", { title: format.shorten(session.sid, 200) }, format.shorten(session.sid, 16)), h("span.muted", ` no. ${session.seq}`)),
      content.media_id && fact("Content", h("bdi", format.shorten(content.media_id, 80))),
      content.content_type && fact("Type", h("bdi", format.shorten(content.content_type, 30))),
      fact("Player", h("bdi", format.shorten(content.player_name || "unknown", 60)), content.library_version && h("bdi.muted", ` ${format.shorten(content.library_version, 40)}`)),
      fact("API", format.apiName(session.dialect)),
      fact("Opened", h("time", { title: format.instant(session.opened_ms) }, format.clockSeconds(session.opened_ms))),
      fact("Events", format.count(session.events)),
      fact("Playhead", format.playhead(session.playhead_s)),
      ...Object.entries(session.deadlines).filter(([, at]) => at !== null).map(([limit, at]) => deadline(limit, at, clock))),
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

function deadline(limit, at, clock) {
  const left = at - clock.now();
  const shown = h("span.number", { class: left < SOON_MS ? "soon" : "", dataset: { at }, title: `${WHY[limit]} at ${format.clock(at)}` }, format.countdown(left));
  return h("div", h("dt", NAMES[limit]), h("dd", shown));
}

function fact(name, ...value) {
  return h("div", h("dt", name), h("dd", value));
}
