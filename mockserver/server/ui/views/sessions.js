// All sessions, newest first, updated live.

import { copyable, h, replace } from "../dom.js";
import * as format from "../format.js";
import { createSessionList } from "../session-list.js";
import { createVirtual } from "../virtual.js";
import { createRefresher } from "../refresher.js";
import { createLooseFindings } from "./findings.js";
import { cells, tick } from "./session-row.js";
import { createTryPlayer } from "./try-player.js";
/** @import { Api } from "../api.js" */

const COLUMNS = ["Phase", "Content", "Client", "Age", "Events", "Findings", "Closes in"];
const LOOSE_MS = 2000;
const MOST_PAGES = 25; // read to come back to a place far down
const PHASES = ["open", "completed", "closed", "forgotten"];

/**
 * The list of sessions.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, clock, query, go, announce }) {
  const filter = { q: query?.get("q") ?? "", phase: query?.getAll("phase") ?? [] };
  const loose = createLooseFindings({ api });
  const trial = createTryPlayer({ api, go, announce });
  const list = createSessionList((asked) => api.get("/sessions", asked));
  const row = (index) => list.rows[index];
  const virtual = createVirtual({
    label: "Sessions, newest first",
    columns: COLUMNS,
    key: (index) => row(index)?.seq ?? `at${index}`,
    render: (index) => (row(index) ? cells(row(index), clock) : null),
    rowClass: (index) => `phase-${row(index).phase}`,
    open: (index) => row(index) && go(`#/sessions/${encodeURIComponent(row(index).sid)}`),
    onWindow: (first, last) => {
      if (last >= list.rows.length - 10) older();
      else if (first > 0) window_(first, last);
    },
  });
  const counter = h("span.counter.muted.number");
  const nothing = h("div.empty", { hidden: true });
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const search = h("input.grow", {
    type: "search", value: filter.q, placeholder: "Search: content, session id, player, library", "aria-label": "Search sessions",
    maxlength: 200, spellcheck: "false", autocomplete: "off", dataset: { search: "" }, onInput: () => typed(),
    onKeydown: (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      virtual.element.focus();
      virtual.select(0);
    },
  });
  const phases = PHASES.map((phase) => h("button.chip", {
    type: "button", dataset: { phase }, "aria-pressed": String(filter.phase.includes(phase)), onClick: () => toggled(phase) }, phase));
  const element = h("section.list-view", { "aria-label": "Sessions" },
    h("div.toolbar",
      h("h1.hidden-text", "Sessions"), search, h("div.chips", { role: "group", "aria-label": "Phase" }, phases), counter),
    problem, loose.element, nothing, h("div.frame.sessions", virtual.element));

  let known = null;
  let loading = false;
  let timer = 0;

  async function guarded(read) {
    try {
      const answer = await read();
      problem.hidden = true;
      return answer;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      return null;
    }
  }

  async function refresh() {
    await guarded(async () => {
      const above = await list.refresh();
      shown(above);
      const [first, last] = virtual.window;
      if (last >= 60 && first < list.rows.length) await list.refreshWindow(first, last);
      virtual.refresh();
    });
  }

  async function window_(first, last) {
    if (list.rows.slice(first, last + 1).every((session) => session.findings)) return;
    await guarded(() => list.refreshWindow(first, last));
    shown();
  }

  async function older() {
    if (loading || list.complete || !list.rows.length) return;
    loading = true;
    await guarded(() => list.more());
    loading = false;
    shown();
  }

  function shown(above = 0) {
    virtual.resize(list.rows.length, above);
    virtual.refresh();
    const searching = Boolean(filter.q) || filter.phase.length > 0;
    counter.textContent = `${format.count(list.total)} ${searching ? "found" : list.total === 1 ? "session" : "sessions"}`;
    const empty = list.complete && !list.rows.length;
    if (empty) replace(nothing, emptiness(searching));
    nothing.hidden = !empty;
    virtual.element.parentElement.hidden = empty;
    if (known !== null && known !== list.total && searching) announce(counter.textContent);
    known = list.total;
  }

  function emptiness(searching) {
    if (searching) return [h("h2", "No matching sessions"), h("button.button", { type: "button", onClick: clear }, "Show all sessions")];
    return [
      h("h2", "No sessions yet"),
      h("p", "Point a player at this server, and its sessions appear here."),
      h("p", copyable(api.origin, "the address for players")),
      h("div.toolbar.choices", h("a.button.primary", { href: "#/start" }, "Connect a player"), trial.elements),
      trial.strip,
    ];
  }

  function clear() {
    search.value = "";
    filter.phase = [];
    for (const chip of phases) chip.setAttribute("aria-pressed", "false");
    filtered();
    search.focus();
  }

  function typed() {
    clearTimeout(timer);
    timer = setTimeout(filtered, 150);
  }

  function toggled(phase) {
    filter.phase = filter.phase.includes(phase) ? filter.phase.filter((one) => one !== phase) : [...filter.phase, phase];
    for (const chip of phases) chip.setAttribute("aria-pressed", String(filter.phase.includes(chip.dataset.phase)));
    filtered();
  }

  function filtered() {
    filter.q = search.value.trim();
    const text = new URLSearchParams([...(filter.q ? [["q", filter.q]] : []), ...filter.phase.map((phase) => ["phase", phase])]).toString();
    history.replaceState(null, "", `#/sessions${text ? `?${text}` : ""}`);
    list.search({ ...filter });
    virtual.element.scrollTop = 0;
    refresher.now();
  }

  const refresher = createRefresher(refresh);
  const looseRefresher = createRefresher(() => loose.load(), LOOSE_MS);
  list.search({ ...filter });
  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset")) {
      list.search({ ...filter });
      refresher.now();
      looseRefresher.now();
    } else if (batch.some(({ type }) => type !== "state")) {
      refresher.soon();
      looseRefresher.soon();
    }
  });
  const stopClock = clock.subscribe(() => refresher.soon());
  const ticking = setInterval(() => {
    if (document.hidden) return;
    const due = [];
    virtual.forEach((target, index) => {
      if (row(index) && tick(target, row(index), clock)) due.push(index);
    });
    if (due.length) refresher.soon(); // a deadline has passed: the server knows what became of it
  }, 500);

  async function begin() {
    const left = history.state;
    virtual.start();
    looseRefresher.now();
    await refresher.now();
    if (!left?.top && !left?.selected) return;
    for (let page = 0; page < MOST_PAGES && !list.complete && list.rows.length < virtual.rowsFor(left.top); page++) await older();
    virtual.restore(left);
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
      clearTimeout(timer);
      refresher.stop();
      virtual.stop();
    },
  };
}
