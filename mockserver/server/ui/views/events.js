// The journal: every request as it arrives, or those that match a search, and beside the list the request that is open.

import { queryString } from "../api.js";
import { h, renew, replace } from "../dom.js";
import * as format from "../format.js";
import { createMatching, createWhole } from "../journal-rows.js";
import { createRefresher } from "../refresher.js";
import { createVirtual } from "../virtual.js";
import { createPanel } from "./event.js";
import { cells, COLUMNS } from "./event-row.js";
import { createFilter, filterOf } from "./event-filter.js";
/** @import { Api } from "../api.js" */

const RECKON_MS = 5000;
const COMPLETE_MS = 700;

/**
 * The list of entries, oldest first; it follows the newest until the user scrolls up or opens one.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, params, query, go, announce }) {
  const read = (asked) => api.get("/events", asked);
  const virtual = createVirtual({
    label: "Requests",
    columns: COLUMNS,
    order: query.get("sort") ?? "seq",
    sorted: (order) => filter.set({ sort: order === "seq" ? "" : order }),
    key: (index) => rows.key(index),
    render: (index) => (rows.row(index) ? cells(rows.row(index), (sid) => `#/events${queryString({ session_id: sid })}`) : null),
    rowClass: (index) => `outcome-${rows.row(index).outcome} ${rows.row(index).seq === open ? "opened" : ""}`,
    open: (index) => rows.row(index) && go(address(rows.row(index).seq)),
    onWindow: () => loader.soon(),
    onScroll: () => {
      if (virtual.atEnd !== following && !filter.value.sort) follow(virtual.atEnd);
    },
  });
  const counter = h("span.counter.muted.number");
  const tail = h("button.chip", { type: "button", onClick: () => follow(!following, true) }, "Follow");
  const exports = h("span.exports");
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const nothing = h("div.empty", { hidden: true });
  const filter = createFilter({ api, given: filterOf(query), changed: search, down() {
    virtual.element.focus();
    virtual.select(0);
  } });
  const panel = createPanel({ api, live, close: () => go(address()), step });
  const title = h("h1.hidden-text", "Events");
  const frame = h("div.frame.events", virtual.element);
  const element = h("section.list-view", { "aria-label": "Events" },
    title, h("div.toolbar", filter.element, tail, counter, exports), problem, nothing, h("div.split", frame, panel.element));

  let open = null;
  let following = !query.get("sort"); // the newest is at the end only in the order of the journal
  let followed = false; // before an entry was opened
  let disposed = false;
  let rows = source(filter.value);
  let unseen = 0;

  /** The address of an entry, or of the list, with the filter. */
  function address(seq = null, asked = filter.value) {
    return `#/events${seq === null ? "" : `/${seq}`}${queryString(asked)}`;
  }

  function source(asked) {
    const whole = !Object.keys(asked).length;
    const download = (kind, label) => h("a", { href: `${api.base}/export${queryString({ ...asked, format: kind })}`, download: `mockserver.${kind}`,
      title: `${whole ? "The whole journal" : "What is shown"} as ${label}` }, label);
    replace(exports, h("span.muted", "Export"), download("ndjson", "NDJSON"), download("har", "HAR"));
    return whole ? createWhole(read) : createMatching(read, asked);
  }

  async function guarded(act) {
    try {
      await act();
      problem.hidden = true;
      filter.invalid(false);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      filter.invalid(error.pointer === "/q");
    }
  }

  const refresher = createRefresher(() => guarded(async () => {
    const mine = rows;
    const fallen = await mine.refresh();
    if (mine === rows && !disposed) shown(-fallen);
  }));
  const reckoner = createRefresher(() => refresher.now(), RECKON_MS);
  const ensured = (completely) => () => guarded(async () => {
    const [first, last] = virtual.window;
    if (last < first) return;
    const mine = rows;
    if (await mine.ensure(first, last, completely) && mine === rows) {
      virtual.resize(rows.count);
      virtual.refresh();
    }
  });
  const loader = createRefresher(ensured(false), 60);
  const completer = createRefresher(ensured(true), COMPLETE_MS); // rows from the stream lack the extra columns of the list

  function search(asked) {
    if (!location.hash.startsWith("#/events")) return; // the user typed and left: another view is about to be shown
    history.replaceState(null, "", address(open, asked));
    rows = source(asked);
    following = open === null && !asked.sort;
    virtual.resize(0);
    virtual.element.scrollTop = 0;
    refresher.now().then(reveal);
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
    counter.textContent = `${format.count(rows.count)} ${searching ? "found" : rows.count === 1 ? "request" : "requests"}`;
    const empty = rows.count === 0;
    if (empty) renew(nothing, searching ? [h("h2", "No matching requests"), h("button.button", { type: "button", onClick: filter.clear }, "Show all requests")]
      : [h("h2", "No requests yet"), h("p", "Requests of players appear here as they arrive."), h("a.button.primary", { href: "#/start" }, "Connect a player")]);
    nothing.hidden = !empty;
    frame.hidden = empty;
    loader.soon();
    completer.soon();
  }

  // The entry that is open

  function show(seq) {
    if (open === null) followed = following && rows.count > 0;
    open = seq;
    element.classList.toggle("with-panel", seq !== null);
    title.hidden = seq !== null; // the request has its own
    panel.show(seq);
    virtual.refresh();
    if (seq === null && followed) follow(true, true);
    return reveal();
  }

  /** Let the row of the open entry be in sight. */
  async function reveal() {
    if (open === null) return;
    following = false;
    const mine = rows;
    const at = await rows.place(open);
    if (mine !== rows || at < 0 || disposed) return;
    virtual.select(at);
    follow(false);
  }

  /** Open the entry after or before the one that is open, as far as the filter goes. */
  async function step(by) {
    const mine = rows;
    const at = (await mine.place(open)) + by;
    if (at >= mine.count) await mine.refresh();
    if (mine !== rows || at < 0 || at >= rows.count) return;
    await rows.ensure(at, at);
    if (rows.row(at)) go(address(rows.row(at).seq));
  }

  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset" || type === "evicted")) {
      rows.clear();
      refresher.now();
      return;
    }
    const entries = batch.filter(({ type }) => type === "entry").map(({ entry }) => entry);
    if (!entries.length) return;
    if (Object.keys(filter.value).length) return refresher.soon();
    const before = rows.count;
    rows.add(entries);
    reckoner.soon(); // a full journal drops its oldest entries
    if (!following) unseen += rows.count - before;
    shown();
  });

  return {
    element,
    /** Go to another entry of the same list; false if it is another list. */
    update({ params: to, query: asked }) {
      if (queryString(filterOf(asked)) !== queryString(filter.value)) return false;
      show(to.seq ? Number(to.seq) : null);
      return true;
    },
    async shown() {
      const left = history.state;
      virtual.start();
      panel.begin();
      await refresher.now();
      if (params.seq) following = false;
      if (params.seq) await show(Number(params.seq));
      else if (left?.selected) {
        following = false;
        virtual.restore(left);
        follow(virtual.atEnd);
      }
      if (filter.active()) announce("Filtered");
    },
    dispose() {
      disposed = true;
      filter.stop();
      panel.dispose();
      stop();
      for (const one of [refresher, reckoner, loader, completer]) one.stop();
      virtual.stop();
    },
  };
}
