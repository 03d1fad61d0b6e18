// The card of the simulated players that play against the server.

import { h } from "../dom.js";
import { createPlayerList } from "./player-list.js";
/** @import { Api } from "../api.js" */

/**
 * Make the card.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createPlayers({ api, actions }) {
  const all = stopAll(actions, () => list.load());
  const list = createPlayerList({ api, actions, none: "None.", loaded: ({ players }) => {
    all.hidden = !players.length;
  } });
  const element = h("section.card", { "aria-label": "Simulated players" }, h("h2", "Simulated players"), list.element,
    h("div.toolbar", h("a.button", { href: "#/start" }, "Start a player"), all));
  return { element, load: list.load, dispose: list.dispose };
}

/** The button that ends them all. */
export function stopAll(actions, done) {
  return actions.button("Stop and forget all", { method: "DELETE", path: "/players" }, { class: "danger", said: "All players stopped", done });
}
