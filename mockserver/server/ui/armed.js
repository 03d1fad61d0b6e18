// The strip below the header: what makes the server behave differently than after its start, and whether it can be reached.

import { CHANGED } from "./api.js";
import { h, renew, replace } from "./dom.js";
import * as format from "./format.js";
import { createRefresher } from "./refresher.js";
/** @import { Api } from "./api.js" */
/** @import { ArmedView } from "./types.d.ts" */

const READ_MS = 1000;
const OWN_TIME_MS = 2000; // a clock closer than this shows the time of the machine
const MOST_SETTINGS = 3;

/**
 * Make the strip; it is hidden while there is nothing to say.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createArmed({ api, live, clock }) {
  const gone = h("p.gone", { role: "alert", hidden: true });
  const back = h("p.back", { hidden: true });
  const parts = h("ul", { "aria-label": "What is armed" });
  const element = h("div.armed-strip", { hidden: true }, gone, back, parts);
  let lostAt = null;
  let startedAt = null;

  async function load() {
    try {
      draw(await api.get("/armed"));
    } catch {
      // the strip says that the server is gone
    }
  }

  /** @param {ArmedView} armed */
  function draw(armed) {
    if (startedAt !== null && armed.started_ms !== startedAt) restarted();
    startedAt = armed.started_ms;
    renew(parts, [faults(armed), story(armed), time(armed), settings(armed), journal(armed)].filter(Boolean).map((part) => h("li", part)));
    seen();
  }

  function restarted() {
    note("The server was started again; everything it had recorded is gone.", h("a", { href: "#/sessions" }, "All sessions"), h("a", { href: "#/start" }, "Open a recording"));
  }

  function note(text, ...links) {
    replace(back, text, links.map((link) => [" ", link]), " ",
      h("button.button.quiet", { type: "button", "aria-label": "Close the note", onClick: () => { back.hidden = true; seen(); } }, "\u00d7"));
    back.hidden = false;
  }

  function seen() {
    element.hidden = gone.hidden && back.hidden && !parts.children.length;
  }

  function stated(connected) {
    if (!connected) {
      lostAt ??= performance.now();
      replace(gone, h("strong", "The server cannot be reached."), " The page shows the last known state, with countdowns stopped, and tries again every two seconds.");
      replace(back);
    } else if (lostAt !== null) {
      note(`Connected again after ${format.duration(performance.now() - lostAt)}.`, h("a", { href: "#/sessions" }, "All sessions"));
      lostAt = null;
    }
    gone.hidden = connected;
    back.hidden = !connected || !back.childNodes.length;
    seen();
  }

  const refresher = createRefresher(load, READ_MS);
  let known = false;
  live.subscribe((batch) => {
    for (const { type, connected } of batch) {
      if (type !== "state") continue;
      if (known && !document.hidden) stated(connected);
      known ||= connected;
    }
    refresher.soon();
  });
  clock.subscribe(() => refresher.soon());
  window.addEventListener("hashchange", () => refresher.soon());
  document.addEventListener(CHANGED, () => refresher.now());
  refresher.now();
  return element;
}

/** @param {ArmedView} armed */
function faults({ faults: count }) {
  return count > 0 && h("a.badge.warning", { href: "#/faults" }, `${format.count(count)} ${count === 1 ? "fault" : "faults"} armed`);
}

/** @param {ArmedView} armed */
function story({ story: name, story_title: title }) {
  return name && h("a.badge.info", { href: "#/stories" }, "Story: ", h("bdi", format.shorten(title ?? name, 60)));
}

/** @param {ArmedView} armed */
function time({ clock: { frozen, rate }, ahead_ms: ahead, follows_ts: follows }) {
  const said = [
    frozen && "frozen",
    !frozen && rate !== 1 && `runs ${rate}\u00d7`,
    follows && "follows ts",
    !frozen && Math.abs(ahead) > OWN_TIME_MS && `${ahead > 0 ? "+" : "\u2212"}${format.duration(Math.abs(ahead))}`,
  ].filter(Boolean);
  if (!said.length) return null;
  return h("button.badge.warning", { type: "button", popovertarget: "clock-panel" }, `Clock ${said.join(", ")}`);
}

/** @param {ArmedView} armed */
function settings({ settings: changed }) {
  if (!changed.length) return null;
  const told = changed.slice(0, MOST_SETTINGS).map(({ name, value, story: by }) =>
    `${name} = ${format.shorten(typeof value === "object" && value !== null ? "\u2026" : String(value), 20)}${by ? " by the story" : ""}`);
  if (changed.length > MOST_SETTINGS) told.push(`and ${changed.length - MOST_SETTINGS} more`);
  return h("a.badge.warning", { href: "#/settings", title: changed.map(({ name, start, value }) => `${name}: ${JSON.stringify(start)} at the start, now ${JSON.stringify(value)}`).join("\n") },
    `${changed.length === 1 ? "Setting" : "Settings"} changed: ${told.join(", ")}`);
}

/** @param {ArmedView} armed */
function journal({ evicted }) {
  return evicted > 0 && h("a.badge.warning", { href: "#/events", title: "The oldest requests were dropped: settings max_entries and max_journal_bytes" }, `Journal full: ${format.count(evicted)} dropped`);
}
