// One session in the list: its cells, and those that change with the clock.

import { h } from "../dom.js";
import * as format from "../format.js";
import { phaseBadge, SOON_MS } from "./marks.js";
/** @import { SessionView } from "../types.d.ts" */

/**
 * The cells of a row.
 *
 * @param {SessionView} session
 */
export function cells(session, clock) {
  const { content } = session;
  return [
    h("span.phase",
      phaseBadge(session.phase),
      session.closed_by && h("span.why", format.closedByLabel(session.closed_by))),
    h("div.two",
      h("a.name", { href: `#/sessions/${encodeURIComponent(session.sid)}`, tabindex: -1, dir: "auto" }, title(session)),
      h("span.sub", h("bdi", cut(content.media_id)), kind(content) && h("span", ` \u00b7 ${kind(content)}`), h("span.mono.sid", session.sid.slice(0, 8)))),
    h("div.two",
      h("bdi.name", cut(content.player_name) || "\u2014"),
      h("span.sub",
        h("bdi", cut(content.library_version) || (session.downloaded ? "downloaded" : "")),
        session.dialect === "edge" && h("span.api", { title: format.apiName(session.dialect) }, "Edge"))),
    h("span.number.age", { title: `Opened ${format.instant(session.opened_ms)}` }, age(session, clock)),
    h("span.number", format.count(session.events)),
    findings(session.findings),
    h("span.deadlines.number", deadlines(session, clock)),
  ];
}

/** Move what moves with the clock; true when a deadline of an open session has passed. */
export function tick(row, session, clock) {
  const shown = row.querySelector(".age");
  if (!shown) return false;
  const text = age(session, clock);
  if (shown.textContent !== text) shown.textContent = text;
  if (session.phase !== "open" && session.phase !== "completed") return false;
  const now = clock.now();
  for (const part of row.querySelectorAll(".deadline")) {
    const left = Number(part.dataset.at) - now;
    const value = part.lastElementChild;
    const next = format.countdown(left);
    if (value.textContent !== next) value.textContent = next;
    part.classList.toggle("soon", left < SOON_MS);
  }
  const { idle_ms, stall_ms, max_age_ms } = session.deadlines;
  return [idle_ms, stall_ms, max_age_ms].some((at) => at !== null && now > at);
}

/** @param {SessionView} session */
function title(session) {
  const { media_name, media_id } = session.content;
  return cut(media_name || media_id) || "(no content named)";
}

function kind(content) {
  return [content.content_type, content.stream_type === "audio" ? "audio" : null].filter(Boolean).map((text) => format.shorten(text, 30)).join(" ");
}

function cut(text) {
  return text ? format.shorten(text, 200) : "";
}

/** @param {SessionView} session */
function age(session, clock) {
  return format.duration(Math.max(0, Math.floor((clock.now() - session.opened_ms) / 1000) * 1000)).replace(/^0 ms$/, "0 s").replace(/\.0 s$/, " s");
}

function findings(counts) {
  if (!counts) return h("span.findings.muted", "\u2026");
  const shown = ["error", "warning", "info"].filter((severity) => counts[severity]);
  if (!shown.length) return h("span.findings.muted", { title: "No findings" }, "none");
  return h("span.findings", shown.map((severity) =>
    h("span.badge", { class: severity, dataset: { sign: "" }, title: format.severityLabel(severity, counts[severity]) },
      format.count(counts[severity]), h("span.hidden-text", ` ${format.severityLabel(severity, counts[severity]).split(" ")[1]}`))));
}

/** @param {SessionView} session */
function deadlines(session, clock) {
  if (session.phase !== "open" && session.phase !== "completed") return h("span.muted", "\u2014");
  const { idle_ms, stall_ms, max_age_ms } = session.deadlines;
  /** @type {[string, number, string][]} */
  const known = [["idle", idle_ms, "unless an event arrives"], ["stall", stall_ms, "unless the playhead moves"]];
  if (max_age_ms !== null && max_age_ms < Math.max(idle_ms ?? -Infinity, stall_ms ?? -Infinity)) known.push(["age", max_age_ms, "at its maximum age"]);
  const parts = known.filter(([, at]) => at !== null);
  if (!parts.length) return h("span.muted", "never");
  return parts.map(([name, at, why]) => {
    const left = at - clock.now();
    return h("span.deadline", { class: left < SOON_MS ? "soon" : "", dataset: { at }, title: `Closes ${why}, at ${format.clock(at)}` },
      h("span.what", name), h("span.left", format.countdown(left)));
  });
}
