// The events of a session in both orders: as they arrived, and as the back end processed them.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { createVirtual } from "../virtual.js";
import { faultsBadge, outcomeBadge } from "./marks.js";
import { createModel } from "./timeline/model.js";
import { offset } from "./timeline/scale.js";
/** @import { Api } from "../api.js" */

const NO_LANES = { lanes: [], from_ms: null, to_ms: null, journal_complete: true };
const COLUMNS = [
  { title: "#", sort: "seq" }, { title: "Time", sort: "ms" }, { title: "Event", sort: "event_type" }, { title: "Playhead", sort: "-playhead_s" },
  { title: "Status", sort: "-status" }, "Order", "What",
];

/**
 * Make the tab of a session.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createEventsTab({ api, sid, go }) {
  let rows = [];
  let first = 0;
  let byArrival = false;
  let order = ""; // by a column; "" for the order chosen above the list
  let model = null;
  let disposed = false;
  const list = createVirtual({
    label: "Events of the session",
    columns: COLUMNS,
    sorted(by) {
      order = by;
      show();
    },
    render: (index) => (rows[index] ? cells(rows[index], first) : null),
    key: (index) => (rows[index] ? `${rows[index].seq}-${rows[index].index ?? ""}` : `at${index}`),
    rowClass: (index) => `kind-${rows[index].kind}`,
    open: (index) => go(`#/events/${rows[index].seq}?session_id=${encodeURIComponent(sid)}`),
  });
  const choice = h("div.chips", { role: "group", "aria-label": "Order" }, chip("Processing order", false), chip("Arrival order", true));
  const problem = h("p.problem", { role: "alert", hidden: true });
  const element = h("div.session-events", h("div.toolbar", choice), problem, h("div.frame.session-rows", list.element));

  function chip(label, arrival) {
    return h("button.chip", { type: "button", "aria-pressed": String(byArrival === arrival), onClick: () => {
      byArrival = arrival;
      replace(choice, chip("Processing order", false), chip("Arrival order", true));
      show();
    } }, label);
  }

  function show() {
    if (!model) return;
    first = model.from;
    rows = byArrival ? [...model.marks] : [...model.marks].sort((left, right) => (left.place ?? Infinity) - (right.place ?? Infinity) || left.n - right.n);
    const name = order.replace("-", "");
    const sign = order.startsWith("-") ? -1 : 1;
    if (order) rows.sort((left, right) => sign * compared(left[name] ?? "", right[name] ?? ""));
    list.resize(rows.length);
    list.refresh();
  }

  return {
    element,
    async load() {
      try {
        const [orders, found] = await Promise.all([api.get(`${path`/sessions/${sid}`}/timeline`), api.get(`${path`/sessions/${sid}`}/findings`, { limit: 1000 })]);
        if (disposed) return;
        model = createModel(NO_LANES, orders, found.findings);
        problem.hidden = true;
        show();
      } catch (error) {
        problem.hidden = false;
        problem.textContent = error.message;
      }
    },
    shown: () => list.start(),
    dispose() {
      disposed = true;
      list.stop();
    },
  };
}

function cells(mark, first) {
  return [
    h("span.mono", mark.index === null ? mark.seq : `${mark.seq}[${mark.index}]`),
    h("span.mono", { title: mark.ts_ms === null ? "" : format.instant(mark.ts_ms) }, offset(mark.ms - first, 1)),
    h("bdi.type", { title: format.shorten(mark.event_type ?? "", 1000) }, format.shorten(mark.event_type ?? "unreadable", 60)),
    h("span.number.muted", mark.playhead_s === null ? "" : format.playhead(mark.playhead_s)),
    h("span.status", { class: format.statusTone(mark.status) }, mark.status ?? "none"),
    processing(mark),
    h("span.what", { title: [...mark.fault_ids, ...mark.findings.map(({ code }) => code)].join("\n") },
      outcomeBadge(mark.outcome),
      faultsBadge(mark.fault_ids),
      mark.findings.slice(0, 3).map(({ code, severity }) => h("span.badge", { class: severity }, code))),
  ];
}

function compared(left, right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

function processing(mark) {
  if (mark.place === null) return h("span.muted", "not processed");
  if (!mark.moved) return h("span.muted", "as it arrived");
  const by = Math.abs(mark.moved);
  return h("span.moved", mark.moved < 0 ? `${by} earlier` : `${by} later`);
}
