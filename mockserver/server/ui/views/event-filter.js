// The filter of the journal: the query for `/events`, kept in the address of the page.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { createSearchField } from "../search-field.js";
import { EVENT_TYPES, OUTCOMES } from "../words.js";
/** @import { Api } from "../api.js" */

const PAUSE_MS = 250;
const NAMES = ["q", "event_type", "outcome", "status", "session_id", "sort"];

/** The part of a query of the page that filters the journal. */
export function filterOf(query) {
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name)?.trim()]).filter(([, text]) => text));
}

/**
 * A row of fields; `changed(filter)` gets what to ask `/events` for.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createFilter({ api, given, changed, down }) {
  const fields = {
    event_type: choice("Event type", "any event", EVENT_TYPES),
    outcome: choice("Outcome", "any outcome", OUTCOMES),
    status: h("input", { type: "text", inputmode: "numeric", size: 6, placeholder: "status", "aria-label": "Status", maxlength: 3, pattern: "[0-9]*" }),
  };
  const search = createSearchField({ value: given.q, label: "Search requests", placeholder: "Search: text in a body, content, player, finding, media.ad.id=ad-1", changed: (q) => set({ q }), down });
  const session = h("span.followed", { hidden: true });
  const element = h("div.toolbar.filter.grow", { role: "search" }, search.elements, Object.values(fields), session);
  let filter = given;
  let timer = 0;

  for (const [name, field] of Object.entries(fields)) {
    if (given[name]) field.value = given[name];
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => set(Object.fromEntries(Object.entries(fields).map(([each, { value }]) => [each, value.trim()]))), PAUSE_MS);
    });
  }

  function choice(label, any, names) {
    return h("select", { "aria-label": label }, h("option", { value: "" }, any), names.map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
  }

  function set(changes) {
    filter = Object.fromEntries(Object.entries({ ...filter, ...changes }).filter(([, text]) => text));
    told();
    changed(filter);
  }

  async function told() {
    const sid = filter.session_id;
    session.hidden = !sid;
    if (!sid) return;
    let name = format.shorten(sid, 12);
    try {
      const { content } = await api.get(path`/sessions/${sid}`);
      name = [content.media_name || content.media_id, content.player_name].filter(Boolean).map((text) => format.shorten(text, 40)).join(" \u00b7 ") || name;
    } catch {
      // a session that is gone has no name
    }
    replace(session, "Only ", h("a", { href: `#/sessions/${encodeURIComponent(sid)}`, title: "Open the session" }, h("bdi", name)),
      h("button.button.quiet", { type: "button", "aria-label": "Requests of all sessions", onClick: () => set({ session_id: "" }) }, "\u00d7"));
  }

  told();
  return {
    element,
    get value() {
      return filter;
    },
    /** Whether it leaves anything out. */
    active: () => Object.keys(filter).some((name) => name !== "sort"),
    set,
    clear() {
      for (const field of Object.values(fields)) field.value = "";
      search.set("");
      set(Object.fromEntries(NAMES.filter((name) => name !== "sort").map((name) => [name, ""])));
      search.focus();
    },
    stop() {
      clearTimeout(timer);
      search.stop();
    },
    invalid: search.invalid,
  };
}
