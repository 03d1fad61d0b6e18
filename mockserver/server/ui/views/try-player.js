// Two buttons that simulate a correct player, and a broken one to see its findings.

import { createActions } from "../controls/actions.js";
import { createEquivalents } from "../controls/equivalents.js";
import { sessionOf } from "../player-start.js";
/** @import { Api } from "../api.js" */

const SPEED = 10; // fast enough to see something within seconds, slow enough to step in
const BROKEN = "ads-outside-break";

/**
 * Make the buttons, which lead to the session of the player they start, and the strip that shows what they send.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createTryPlayer({ api, go, announce }) {
  const equivalents = createEquivalents({ api, open: false, hint: "Point at a button to see its request." });
  const actions = createActions({ api, announce, equivalents });
  const buttons = [button("Simulate a player", {}), button("Simulate a broken player", { flaw: BROKEN })];
  let stopped = false;

  function button(label, more) {
    const request = { method: "POST", path: "/players", body: { content: "vod", speed: SPEED, ...more } };
    return actions.button(label, request, { said: `${label}: started`, done: ({ players }) => follow(players[0]) });
  }

  async function follow(player) {
    for (const one of buttons) one.disabled = true;
    try {
      const sid = await sessionOf(api, player, () => stopped);
      if (sid) go(`#/sessions/${encodeURIComponent(sid)}`);
    } catch (error) {
      actions.problem.textContent = error.message;
      actions.problem.hidden = false;
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  }

  return {
    elements: [...buttons, actions.problem],
    strip: equivalents.element,
    dispose() {
      stopped = true;
    },
  };
}
