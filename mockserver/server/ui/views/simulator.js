// The card for simulated players.

import { createActions } from "../controls/actions.js";
import { createEquivalents } from "../controls/equivalents.js";
import { createPlayerList } from "../controls/player-list.js";
import { stopAll } from "../controls/players.js";
import { h } from "../dom.js";
import { sessionOf } from "../player-start.js";
import { createPlayerForm } from "./player-form.js";
/** @import { Api } from "../api.js" */

/**
 * A card with a form that starts simulated players, and those that were started. `reached(here, known)` as in the form.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function simulator({ api, live, go, announce }) {
  const equivalents = createEquivalents({ api, open: false });
  const actions = createActions({ api, announce, equivalents });
  const form = createPlayerForm({ origin: api.origin, equivalents, submit });
  const list = createPlayerList({ api, actions, loaded });
  const all = stopAll(actions, () => list.load());
  const playing = h("h3");
  const head = h("div.toolbar.head", { hidden: true }, playing, all);
  const element = h("section.card.simulator", { "aria-label": "Simulated player" },
    h("h2", "Or try a simulated player"), form.element, head, actions.problem,
    h("div.shown", { role: "region", "aria-label": "Players", tabindex: 0 }, list.element), equivalents.element); // last, so that nothing moves under the pointer as it fills
  let stopped = false;

  function loaded(answer) {
    const count = answer.players.filter(({ state }) => state === "running").length;
    head.hidden = !answer.players.length;
    playing.textContent = count ? `${count} ${count === 1 ? "player is" : "players are"} playing` : "No player is playing";
    form.offer(answer);
  }

  /** One player leads to its session, several appear in the list. */
  async function submit(request) {
    try {
      const { players } = await api.post(request.path, request.body);
      const [first, ...others] = players;
      announce(others.length ? `Started ${players.length} players` : "Started the player");
      if (others.length) return;
      list.load();
      const sid = await sessionOf(api, first, () => stopped);
      if (sid) go(`#/sessions/${encodeURIComponent(sid)}`);
    } finally {
      list.load();
    }
  }

  list.load();
  const unsubscribe = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset")) list.load();
  });

  return {
    element,
    reached: form.reached,
    dispose() {
      stopped = true;
      list.dispose();
      unsubscribe();
    },
  };
}
