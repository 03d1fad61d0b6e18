// The simulated players that play against the server, read again while any of them plays.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
/** @import { Api } from "../api.js" */

const REREAD_MS = 1500;
const LOOKS = { running: "ok", failed: "error" };

/**
 * Make the list, the latest player first; `load()` reads it, and `loaded(answer)` gets the answer. `none` is the text of
 * an empty list.
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createPlayerList({ api, actions, loaded = (answer) => {}, none = "" }) {
  const nobody = none ? [h("li.muted", none)] : [];
  const element = h("ul.plain-list.players", { "aria-label": "Simulated players" }, nobody);
  const drawn = new Map();
  let timer = 0;
  let stopped = false;

  async function load() {
    clearTimeout(timer);
    let answer;
    try {
      answer = await api.get("/players");
    } catch (error) {
      if (!stopped) replace(element, h("li.error-text", error.message));
      return;
    }
    if (stopped) return;
    clearTimeout(timer); // of a read that finished meanwhile
    show(answer.players);
    loaded(answer);
    if (answer.players.some(({ state }) => state === "running")) timer = setTimeout(load, REREAD_MS);
  }

  /** Elements that have not changed stay in place: the user may be about to press one. */
  function show(players) {
    for (const id of drawn.keys()) if (!players.some((player) => player.id === id)) drawn.delete(id);
    const items = players.length ? players.map(item).reverse() : nobody;
    if (items.length !== element.children.length || items.some((one, n) => element.children[n] !== one)) replace(element, items);
  }

  function item(player) {
    const { id, title, flaw, seed, state, session_ids: sids, error } = player;
    const known = drawn.get(id);
    if (known?.state === state && known.sid === sids.at(-1)) {
      known.told.textContent = progress(player);
      return known.element;
    }
    const name = format.shorten(title, 80);
    const told = h("span.muted.number", progress(player));
    const made = h("li",
      h("span.badge", { class: LOOKS[state] ?? "" }, state),
      sids.length ? h("a", { href: `#/sessions/${encodeURIComponent(sids.at(-1))}` }, name) : h("span", name),
      h("span.muted", `${flaw ? flaw.replaceAll("-", " ") : "correct"}, seed ${seed}`), told,
      state === "running" && actions.button("Stop", { method: "DELETE", path: path`/players/${id}` }, { name: `Stop ${name}`, said: "Player stopped", done: load }),
      error && h("span.error-text", error));
    drawn.set(id, { state, sid: sids.at(-1), told, element: made });
    return made;
  }

  return {
    element,
    load,
    dispose() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function progress({ events, refused }) {
  return `${format.count(events)} ${events === 1 ? "event" : "events"}${refused ? `, ${format.count(refused)} failed` : ""}`;
}
