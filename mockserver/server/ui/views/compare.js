// Two sessions side by side: their timelines on one axis, their events row by row, and what differs.

import { h, replace, svg } from "../dom.js";
import * as format from "../format.js";
import { draw, layout } from "./timeline/drawing.js";
import { createModel } from "./timeline/model.js";
import { createScale } from "./timeline/scale.js";
import { path } from "../api.js";
/** @import { Change, Moment, SessionComparison, SessionView } from "../types.d.ts" */

const MOST_SESSIONS = 200;
const REST = [
  ["Pings", ["interval", "pings"]],
  ["What Adobe would report", ["metric"]],
  ["Findings", ["finding"]],
];

/** Compare the sessions of `params.before` and `params.after`; either may still have to be chosen. */
export function view({ api, params, go }) {
  const pickers = h("div.toolbar.compare-pick");
  const result = h("div.compare-result", { "aria-live": "polite" });
  const element = h("article.compare", h("h1", "Compare two sessions"), pickers, result);
  const pictures = [];
  let disposed = false;
  let last = { before: params.before ?? "", after: params.after ?? "" };

  function chooser(side, label, sessions) {
    const options = sessions.map((session) =>
      h("option", { value: session.sid, selected: session.sid === last[side] }, named(session)));
    const choose = h("select", {
      onChange: () => {
        last = { ...last, [side]: choose.value };
        if (last.before && last.after) go(`#/compare/${encodeURIComponent(last.before)}/${encodeURIComponent(last.after)}`);
      },
    }, h("option", { value: "" }, "choose a session"), options);
    choose.value = last[side];
    return h("label", `${label} `, choose);
  }

  async function load() {
    try {
      const { sessions } = await api.get("/sessions", { before: 2 ** 31, limit: MOST_SESSIONS });
      if (disposed) return;
      const swap = h("button.button", { type: "button", disabled: !(last.before && last.after), onClick: () => go(`#/compare/${encodeURIComponent(last.after)}/${encodeURIComponent(last.before)}`) }, "Swap");
      replace(pickers, chooser("before", "Before", sessions), chooser("after", "Now", sessions), swap);
      if (last.before && last.after) await compare();
      else replace(result, h("p.muted", sessions.length < 2 ? "There is no second session yet." : "Choose the session before a change of the player, and the one after it."));
    } catch (error) {
      if (!disposed) replace(result, h("p.problem", { role: "alert" }, error.message));
    }
  }

  async function compare() {
    const sides = [last.before, last.after];
    const [found, ...read] = await Promise.all([
      api.get(`${path`/sessions/${last.before}`}/comparison`, { after: last.after }),
      ...sides.flatMap((sid) => [api.get(`${path`/sessions/${sid}`}/lanes`), api.get(`${path`/sessions/${sid}`}/timeline`)]),
    ]);
    if (disposed) return;
    const models = [createModel(read[0], read[1], []), createModel(read[2], read[3], [])];
    const longest = Math.max(...models.map(({ from, to }) => to - from));
    replace(result,
      h("p.compare-summary", found.changes.length ? `${format.count(found.changes.length)} ${found.changes.length === 1 ? "difference" : "differences"}` : "No differences"),
      models.map((model, n) => picture(n ? "Now" : "Before", n ? found.after : found.before, model, longest)),
      table(found),
      REST.map(([title, kinds]) => changes(title, found.changes.filter(({ of }) => kinds.includes(of)))));
    pictures.forEach(({ paint }) => paint());
  }

  /** A timeline as long as the longer one of both, so that equal times stand below each other. */
  function picture(label, session, model, longest) {
    const scale = createScale();
    const canvas = svg("svg.picture", { role: "img", "aria-label": `${label}: ${named(session)}` });
    const plan = layout({ ...model, marks: [] });
    const rows = plan.rows.filter(({ name }) => name !== "processing");
    const height = Math.max(...rows.map((row) => row.y + row.height), 24) + 4;
    const labels = h("div.lane-labels", { "aria-hidden": "true" }, rows.map((row) =>
      h("div.lane-label", { style: { top: `${row.y}px`, height: `${row.height}px` } }, h("bdi", row.label))));
    const box = h("div.canvas.still", canvas);
    const paint = () => {
      if (!rows.length || !box.clientWidth) return;
      scale.extend(model.from, model.from + longest);
      scale.resize(box.clientWidth);
      canvas.setAttribute("viewBox", `0 0 ${box.clientWidth} ${height}`);
      canvas.setAttribute("height", String(height));
      canvas.replaceChildren(...draw(model, rows, scale, new WeakMap(), null));
    };
    pictures.push({ paint });
    observer.observe(box);
    return h("section.card", h("h2", label, " ", h("a", { href: `#/sessions/${encodeURIComponent(session.sid)}` }, h("bdi", named(session)))), h("div.plot", labels, box));
  }

  const observer = new ResizeObserver(() => pictures.forEach(({ paint }) => paint()));
  load();
  return {
    element,
    dispose() {
      disposed = true;
      observer.disconnect();
    },
  };
}

/** @param {SessionView} session */
function named(session) {
  const name = session.content.media_name || session.content.media_id || "(no content named)";
  return `no. ${session.seq} ${format.shorten(name, 60)}, ${format.clockSeconds(session.opened_ms)}`;
}

/** @param {SessionComparison} found */
function table(found) {
  return h("div.frame.scroll", h("table.compare-rows",
    h("caption", "Events side by side, without pings"),
    h("thead", h("tr", ["Before", "at", "playhead", "Now", "at", "playhead", "Differences"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", found.rows.map((row) =>
      h("tr", { class: row.changes.length ? "changed" : "" }, moment(row.before), moment(row.after),
        h("td", row.changes.map((place) => h("div", text(found.changes[place])))))))));
}

/** @param {Moment | null} one */
function moment(one) {
  if (!one) return [h("td.muted", "none"), h("td"), h("td")];
  return [
    h("td", h("a", { href: `#/events/${one.seq}` }, h("bdi", one.event_type ?? "?"))),
    h("td.number", one.at_s === null ? "" : `${one.at_s.toFixed(1)} s`),
    h("td.number", one.playhead_s === null ? "" : format.playhead(one.playhead_s)),
  ];
}

function changes(title, found) {
  if (!found.length) return null;
  return h("section.card", h("h2", title), h("ul", found.map((change) => h("li", h("strong", h("bdi", [change.event, change.name].filter(Boolean).join(" "))), " ", text(change)))));
}

/** @param {Change} change */
function text(change) {
  if (change.of === "finding") return finding(change);
  if (change.before === null && change.of !== "key") return change.of === "event" ? "new" : `new: ${value(change.after)}`;
  if (change.after === null && change.of !== "key") return change.of === "event" ? "missing now" : `gone: ${value(change.before)}`;
  const what = change.of === "key" ? h("code", change.name) : ["playhead", "time"].includes(change.of) ? change.of : null;
  return [what, what && " ", h("bdi", value(change.before)), " \u2192 ", h("bdi", value(change.after))];
}

/** @param {Change} change */
function finding({ before, after }) {
  if (before === null) return `new, ${after}`;
  return after === null ? `gone, ${before} before` : `${before} before, ${after} now`;
}

function value(one) {
  const shown = typeof one === "number" ? Math.round(one * 1e4) / 1e4 : one;
  return shown === null ? "nothing" : format.shorten(JSON.stringify(shown), 120);
}
