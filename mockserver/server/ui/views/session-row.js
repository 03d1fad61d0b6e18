// One session in the list: its cells, and those that change with the clock.

import { h } from "../dom.js";
import * as format from "../format.js";
import { findingAddress, phaseBadge, SOON_MS } from "./marks.js";
/** @import { SessionView } from "../types.d.ts" */

/** The columns, those with the order that a press on their title asks for. */
export const COLUMNS = [
  { title: "Phase", sort: "phase" },
  { title: "Content", sort: "content" },
  { title: "Client", sort: "player" },
  { title: "Opened", sort: "-opened" },
  { title: "Events", sort: "-events" },
  { title: "Findings", sort: "-findings" },
  { title: "Closes in", sort: "closes" },
];

/**
 * The cells of a row.
 *
 * @param {SessionView} session
 */
export function cells(session, clock) {
  const { content } = session;
  return [
    h("div.two",
      h("span", phaseBadge(session.phase)),
      session.closed_by && h("span.sub", { title: format.closing(session) }, format.closing(session))),
    h("div.two", { title: whole(title(session), content.media_id, session.sid) },
      h("a.name", { href: `#/sessions/${encodeURIComponent(session.sid)}`, tabindex: -1, dir: "auto" }, title(session)),
      h("span.sub", h("bdi", cut(content.media_id)), kind(content) && h("span", ` \u00b7 ${kind(content)}`), h("span.mono.sid", session.sid.slice(0, 8)))),
    h("div.two", { title: whole(content.player_name, content.library_version) },
      h("bdi.name", cut(content.player_name) || "\u2014"),
      h("span.sub",
        h("bdi", cut(content.library_version) || (session.downloaded ? "downloaded" : "")),
        session.dialect === "edge" && h("span.api", { title: format.apiName(session.dialect) }, "Edge"))),
    h("div.two.number", { title: `Opened ${format.date(session.opened_ms)}, ${format.instant(session.opened_ms)}` },
      h("time", format.clockSeconds(session.opened_ms)), h("span.sub.age", age(session, clock))),
    h("div.two.number", { title: counted(session) },
      numbers(session)),
    findings(session),
    h("div.two.deadlines.number", deadlines(session, clock)),
  ];
}

/** Move what moves with the clock; true when a deadline of an open session has passed. */
export function tick(row, session, clock) {
  const shown = row.querySelector(".age");
  if (!shown) return false;
  const text = age(session, clock);
  if (shown.textContent !== text) shown.textContent = text;
  const now = clock.now();
  for (const part of row.querySelectorAll(".deadline")) {
    const left = Number(part.dataset.at) - now;
    const value = part.querySelector(".left");
    const next = format.countdown(left);
    if (value.textContent !== next) value.textContent = next;
    part.classList.toggle("soon", left < SOON_MS);
  }
  return known(session).some(([, at]) => now > at);
}

/** @param {SessionView} session */
function title(session) {
  const { media_name, media_id } = session.content;
  return cut(media_name || media_id) || "(no content named)";
}

function kind(content) {
  return [content.content_type, content.stream_type === "audio" ? "audio" : null].filter(Boolean).map((text) => format.shorten(text, 30)).join(" ");
}

/** Texts that may be too long for their cell, for its title. */
function whole(...texts) {
  return [...new Set(texts.filter(Boolean))].map((text) => format.shorten(text, 1000)).join("\n");
}

function cut(text) {
  return text ? format.shorten(text, 200) : "";
}

/** @param {SessionView} session */
function age(session, clock) {
  return format.duration(Math.max(0, Math.floor((clock.now() - session.opened_ms) / 1000) * 1000)).replace(/^0 ms$/, "0 s").replace(/\.0 s$/, " s") + " ago";
}

/**
 * How many requests were accepted and how many were not, in two lines.
 *
 * @param {SessionView} session
 */
function numbers(session) {
  const others = notAccepted(session).map(({ text }) => h("span.sub.error-text", text));
  const beside = others.length > 1 ? [", ", others.shift()] : null;
  return [h("span", format.count(session.events), beside), others];
}

/** @param {SessionView} session */
function counted(session) {
  return [`${format.count(session.events)} accepted`, ...notAccepted(session).map(({ text }) => text)].join(", ");
}

/**
 * How many requests of a session were not accepted, by why, each with the search that finds them.
 *
 * @param {SessionView} session
 */
export function notAccepted({ refused, struck }) {
  return [
    { number: refused, text: `${format.count(refused)} refused`, q: "-outcome:accepted -outcome:opened -outcome:answered -outcome:not_processed" },
    { number: struck, text: `${format.count(struck)} hit by a fault`, q: "outcome:not_processed" },
  ].filter(({ number }) => number > 0);
}

/** @param {SessionView} session */
function findings({ sid, findings: counts, worst }) {
  if (!counts) return h("span.findings.muted", "\u2026");
  const shown = ["error", "warning", "info"].filter((severity) => counts[severity]);
  if (!shown.length) return h("span.findings.muted", { title: "No findings" }, "none");
  return h("div.two",
    h("span.findings", shown.map((severity) =>
      h("span.badge", { class: severity, dataset: { sign: "" }, title: format.severityLabel(severity, counts[severity]) },
        format.count(counts[severity]), h("span.hidden-text", ` ${format.severityLabel(severity, counts[severity]).split(" ")[1]}`)))),
    worst && h("a.sub.worst", { href: findingAddress({ session_id: sid, code: worst, seqs: [] }), tabindex: -1, title: `The worst: ${worst}` }, worst));
}

/**
 * The deadlines of a session that is not over, the nearest first: the name, the time, and what happens then.
 *
 * @param {SessionView} session
 * @returns {[string, number, string][]}
 */
export function known({ phase, deadlines: { idle_ms, stall_ms, max_age_ms }, grace_ms: grace }) {
  if (phase !== "open" && phase !== "completed") return [];
  /** @type {[string, number | null, string, number][]} */
  const all = [
    ["idle", idle_ms, "no event arrives", grace.idle_ms],
    ["stall", stall_ms, "the playhead does not move", grace.stall_ms],
    ["age", max_age_ms, "it reaches its maximum age", grace.max_age_ms],
  ];
  const set = /** @type {[string, number, string, number][]} */ (all.filter(([, at]) => at !== null));
  return set.sort(([, left], [, right]) => left - right).map(([name, at, why, grace_ms]) => [name, at, closesAt(at, why, grace_ms)]);
}

/** When a session closes, and how much of the time left is grace. */
function closesAt(at, why, grace_ms) {
  const grace = grace_ms > 0 ? `That includes a grace of ${grace_ms / 1000} s, for events that are on their way` : "There is no grace";
  return `Closes at ${format.clock(at)} if ${why}. ${grace} (setting grace_s).`;
}

/** @param {SessionView} session */
function deadlines(session, clock) {
  const parts = known(session);
  if (!parts.length) return h("span.muted", session.closed_ms === null ? "never" : `closed ${format.clockSeconds(session.closed_ms)}`);
  return parts.slice(0, 2).map(([name, at, title], n) => {
    const left = at - clock.now();
    return h("span.deadline", { class: `${n ? "sub" : ""} ${left < SOON_MS ? "soon" : ""}`, dataset: { at }, title },
      h("span.left", format.countdown(left)), h("span.what", ` (${name})`));
  });
}
