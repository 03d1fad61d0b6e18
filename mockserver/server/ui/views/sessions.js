// All sessions, newest first, updated live.

import { copyable, h, renew } from "../dom.js";
import { queryString } from "../api.js";
import * as format from "../format.js";
import { createSearchField } from "../search-field.js";
import { createSessionList } from "../session-list.js";
import { createVirtual } from "../virtual.js";
import { createRefresher } from "../refresher.js";
import { createLooseFindings } from "./findings.js";
import { createFoundRequests } from "./found-requests.js";
import { cells, COLUMNS, tick } from "./session-row.js";
import { createTryPlayer } from "./try-player.js";
/** @import { Api } from "../api.js" */

const LOOSE_MS = 2000;
const HERE = /^(#\/?(sessions)?)?(\?|$)/;
const CHIPS = [["phase", "open"], ["phase", "completed"], ["phase", "closed"], ["phase", "forgotten"], ["min_severity", "error", "with errors"]];

/**
 * The list of sessions.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, clock, query, go, announce }) {
  const filter = { q: query.get("q") ?? "", phase: query.getAll("phase"), min_severity: query.getAll("min_severity"), sort: query.get("sort") ?? "" };
  const loose = createLooseFindings({ api });
  const found = createFoundRequests({ api });
  const trial = createTryPlayer({ api, go, announce });
  const list = createSessionList((asked) => api.get("/sessions", asked));
  const virtual = createVirtual({
    label: "Sessions, newest first",
    columns: COLUMNS,
    order: filter.sort || "-opened",
    sorted: (order) => filtered({ sort: order === "-opened" ? "" : order }),
    key: (index) => list.row(index)?.seq ?? `at${index}`,
    render: (index) => (list.row(index) ? cells(list.row(index), clock) : null),
    rowClass: (index) => `phase-${list.row(index).phase}`,
    open: (index) => list.row(index) && go(`#/sessions/${encodeURIComponent(list.row(index).sid)}`),
    onWindow: () => loader.soon(),
  });
  const counter = h("span.counter.muted.number");
  const nothing = h("div.empty", { hidden: true });
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const search = createSearchField({
    value: filter.q, placeholder: "Search: content, player, session id, finding, text in a body", label: "Search sessions",
    changed: (q) => filtered({ q }),
    down() {
      virtual.element.focus();
      virtual.select(0);
    },
  });
  const chips = CHIPS.map(([name, value, label = value]) => h("button.chip", {
    type: "button", "aria-pressed": String(filter[name].includes(value)), onClick: () => toggled(name, value) }, label));
  const element = h("section.list-view", { "aria-label": "Sessions" },
    h("div.toolbar",
      h("h1.hidden-text", "Sessions"), search.elements, h("div.chips", { role: "group", "aria-label": "Only" }, chips), counter),
    problem, found.element, loose.element, nothing, h("div.frame.sessions", virtual.element));

  const noneFound = [h("h2", "No matching sessions"), h("button.button", { type: "button", onClick: clear }, "Show all sessions")];
  const noneYet = [
    h("h2", "No sessions yet"),
    h("p", "Point a player at this server, and its sessions appear here."),
    h("p", copyable(api.origin, "the address for players")),
    h("div.toolbar.choices", h("a.button.primary", { href: "#/start" }, "Connect a player"), trial.elements),
    trial.strip,
  ];
  let known = null;

  async function guarded(read) {
    try {
      const answer = await read();
      problem.hidden = true;
      search.invalid(false);
      return answer;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      search.invalid(error.pointer === "/q");
      return null;
    }
  }

  async function refresh() {
    await guarded(async () => {
      const { q } = filter;
      const [above, requests] = await Promise.all([list.refresh(...sight()), found.read(q)]);
      if (above === null) return;
      found.show(q, requests); // at once with the list below it, which would move otherwise
      shown(above);
    });
  }

  /** The places in sight, or those of the first screen before there is one. */
  function sight() {
    const [first, last] = virtual.window;
    return [first, Math.max(last, first + 40)];
  }

  function shown(above = 0) {
    virtual.resize(list.total, above);
    virtual.refresh();
    const searching = isFiltered();
    counter.textContent = `${format.count(list.total)} ${searching ? "found" : list.total === 1 ? "session" : "sessions"}`;
    const empty = !list.total;
    if (empty) renew(nothing, searching ? noneFound : noneYet);
    nothing.hidden = !empty;
    virtual.element.parentElement.hidden = empty;
    if (known !== null && known !== list.total && searching) announce(counter.textContent);
    known = list.total;
  }

  function isFiltered() {
    return Boolean(filter.q || filter.phase.length || filter.min_severity.length);
  }

  function clear() {
    search.set("");
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    filtered({ q: "", phase: [], min_severity: [] });
    search.focus();
  }

  function toggled(name, value) {
    filtered({ [name]: filter[name].includes(value) ? filter[name].filter((one) => one !== value) : [...filter[name], value] });
    chips.forEach((chip, n) => chip.setAttribute("aria-pressed", String(filter[CHIPS[n][0]].includes(CHIPS[n][1]))));
  }

  function filtered(changes) {
    if (!HERE.test(location.hash)) return; // the user typed and left: another view is about to be shown
    Object.assign(filter, changes);
    history.replaceState(null, "", `#/sessions${queryString(filter)}`);
    begun();
    virtual.element.scrollTop = 0;
    refresher.now();
  }

  function begun() {
    list.search(Object.fromEntries(Object.entries(filter).filter(([, value]) => value.length)));
  }

  const refresher = createRefresher(refresh);
  const loader = createRefresher(() => guarded(async () => {
    if (await list.ensure(...virtual.window)) virtual.refresh();
  }), 30);
  const looseRefresher = createRefresher(() => loose.load(), LOOSE_MS);
  begun();
  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset")) {
      begun();
      refresher.now();
      looseRefresher.now();
    } else if (batch.some(({ type }) => type !== "state")) {
      refresher.soon();
      looseRefresher.soon();
    }
  });
  const stopClock = clock.subscribe(() => refresher.soon());
  const ticking = setInterval(() => {
    if (document.hidden || !live.connected) return;
    const due = [];
    virtual.forEach((target, index) => {
      if (list.row(index) && tick(target, list.row(index), clock)) due.push(index);
    });
    if (due.length) refresher.soon(); // a deadline has passed: ask the server what happened
  }, 500);

  async function begin() {
    const left = history.state;
    virtual.start();
    looseRefresher.now();
    await refresher.now();
    if (left?.top || left?.selected) virtual.restore(left);
  }

  return {
    element,
    shown: begin,
    dispose() {
      trial.dispose();
      loose.dispose();
      looseRefresher.stop();
      stop();
      stopClock();
      clearInterval(ticking);
      search.stop();
      refresher.stop();
      loader.stop();
      virtual.stop();
    },
  };
}
