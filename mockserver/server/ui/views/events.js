// The journal: every request as it arrives, or those that match a search.

import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { createMatching, createWhole } from "../journal-rows.js";
import { createRefresher } from "../refresher.js";
import { createVirtual } from "../virtual.js";
import { cells } from "./event-row.js";
import { createFilter } from "./event-filter.js";
/** @import { Api } from "../api.js" */

const COLUMNS = ["No.", "Time", "Event", "Status", "Playhead", "Session", "What"];
const RECKON_MS = 5000;

/**
 * The list of entries, oldest first; it follows the newest until somebody scrolls up.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, query, go, announce }) {
  const read = (asked) => api.get("/events", asked);
  const virtual = createVirtual({
    label: "Requests, oldest first",
    columns: COLUMNS,
    key: (index) => rows.key(index),
    render: (index) => (rows.row(index) ? cells(rows.row(index)) : null),
    rowClass: (index) => `outcome-${rows.row(index).outcome}`,
    open: (index) => rows.row(index) && go(`#/events/${rows.row(index).seq}`),
    onWindow: () => loader.soon(),
    onScroll: () => {
      if (virtual.atEnd !== following) follow(virtual.atEnd);
    },
  });
  const counter = h("span.counter.muted.number");
  const tail = h("button.chip", { type: "button", onClick: () => follow(!following, true) }, "Follow");
  const exports = h("span.exports", h("span.muted", "Export"), download("ndjson", "NDJSON"), download("har", "HAR"));
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const nothing = h("div.empty", { hidden: true });
  const filter = createFilter(query, (asked) => search(asked));
  const frame = h("div.frame.events", virtual.element);
  const element = h("section.list-view", { "aria-label": "Events" },
    h("h1.hidden-text", "Events"), h("div.toolbar", filter.element, tail, counter, exports), problem, nothing, frame);

  let following = true;
  let disposed = false;
  let rows = source(filter.value());
  let unseen = 0;

  function download(kind, label) {
    const name = `mockserver.${kind}`;
    return h("a", { href: `${api.base}/export?format=${kind}`, download: name, title: `The whole journal as ${label}` }, label);
  }

  function source(asked) {
    if (!Object.keys(asked).length) return createWhole(read);
    const mine = createMatching(read, asked, () => {
      if (disposed || rows !== mine) return false;
      shown();
      return true;
    });
    return mine;
  }

  async function guarded(act) {
    try {
      await act();
      problem.hidden = true;
      filter.invalid(false);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      filter.invalid(error.status === 400);
    }
  }

  const refresher = createRefresher(() => guarded(async () => {
    const mine = rows;
    const fallen = await mine.refresh();
    if (mine === rows) shown(-fallen);
  }));
  const reckoner = createRefresher(() => refresher.now(), RECKON_MS);
  const loader = createRefresher(() => guarded(async () => {
    const [first, last] = virtual.window;
    if (last < first) return;
    if (await rows.ensure(first, last)) {
      virtual.resize(rows.count);
      virtual.refresh();
    }
  }), 60);

  function search(asked) {
    rows = source(asked);
    following = true;
    virtual.resize(0);
    refresher.now();
  }

  function follow(on, move = false) {
    following = on;
    unseen = on ? 0 : unseen;
    tail.setAttribute("aria-pressed", String(on));
    tail.textContent = unseen ? `Follow (${format.count(unseen)} new)` : "Follow";
    if (on && move) virtual.toEnd();
  }

  function shown(above = 0) {
    virtual.resize(rows.count, above);
    if (following) virtual.toEnd();
    virtual.refresh();
    follow(following);
    const searching = filter.active();
    counter.textContent = `${format.count(rows.count)} ${searching ? "found" : rows.count === 1 ? "request" : "requests"}${rows.busy ? "\u2026" : ""}`;
    const empty = rows.count === 0 && !rows.busy;
    if (empty) replace(nothing, searching ? [h("h2", "No matching requests"), h("button.button", { type: "button", onClick: filter.clear }, "Show all requests")]
      : [h("h2", "No requests yet"), h("p", "Requests of players appear here as they arrive."), h("a.button.primary", { href: "#/start" }, "Connect a player")]);
    nothing.hidden = !empty;
    frame.hidden = empty;
    loader.soon();
  }

  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset" || type === "evicted")) {
      rows.clear();
      refresher.now();
      return;
    }
    const entries = batch.filter(({ type }) => type === "entry").map(({ entry }) => entry);
    if (!entries.length) return;
    if (filter.active()) return refresher.soon();
    const before = rows.count;
    rows.add(entries);
    reckoner.soon(); // a full journal drops its oldest entries
    if (!following) unseen += rows.count - before;
    shown();
  });

  return {
    element,
    async shown() {
      const left = history.state;
      virtual.start();
      await refresher.now();
      if (left?.selected) {
        following = false;
        virtual.restore(left);
        follow(virtual.atEnd);
      }
      if (filter.active()) announce("Filtered");
    },
    dispose() {
      disposed = true;
      filter.stop();
      stop();
      refresher.stop();
      reckoner.stop();
      loader.stop();
      virtual.stop();
    },
  };
}
