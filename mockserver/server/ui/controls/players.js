// The simulated players that play against the server.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";

const REREAD_MS = 1500;

/** Make the card. */
export function createPlayers({ api, actions }) {
  const list = h("ul.plain-list");
  const all = actions.button("Stop and forget all", { method: "DELETE", path: "/players" }, { class: "danger", said: "All players are stopped", done: load });
  const element = h("section.card", { "aria-label": "Simulated players" }, h("h2", "Simulated players"), list,
    h("div.toolbar", h("a.button", { href: "#/start" }, "Start one"), all));
  const none = h("li.muted", "None.");
  const drawn = new Map();
  let timer = 0;
  let stopped = false;

  async function load() {
    clearTimeout(timer);
    let players = [];
    try {
      players = (await api.get("/players")).players;
    } catch (error) {
      replace(list, h("li.error-text", error.message));
      return;
    }
    if (stopped) return;
    all.hidden = !players.length;
    for (const id of drawn.keys()) if (!players.some((player) => player.id === id)) drawn.delete(id);
    const items = players.length ? players.map(item).reverse() : [none];
    if (items.length !== list.children.length || items.some((one, n) => list.children[n] !== one)) replace(list, items);
    if (players.some(({ state }) => state === "running")) timer = setTimeout(load, REREAD_MS);
  }

  function item(player) {
    const { id, title, flaw, state, session_ids: sids, events, refused } = player;
    const known = drawn.get(id);
    const told = `${format.count(events)} events${refused ? `, ${format.count(refused)} refused` : ""}`;
    if (known?.state === state && known.sid === sids.at(-1)) {
      known.told.textContent = told;
      return known.element;
    }
    const name = format.shorten(title, 80);
    const count = h("span.muted.number", told);
    const made = h("li",
      h("span.badge", { class: { running: "ok", failed: "error" }[state] ?? "" }, state),
      sids.length ? h("a", { href: `#/sessions/${encodeURIComponent(sids.at(-1))}` }, name) : h("span", name),
      h("span.muted", flaw ? flaw.replaceAll("-", " ") : "careful"), count,
      state === "running" && actions.button("Stop", { method: "DELETE", path: path`/players/${id}` }, { name: `Stop ${name}`, said: "The player stopped", done: load }));
    drawn.set(id, { state, sid: sids.at(-1), told: count, element: made });
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
