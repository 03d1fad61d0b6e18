// Two buttons for whoever has no player at hand: a careful one, and a broken one to see what is said about it.

import { h } from "../dom.js";
import { startPlayer } from "../player-start.js";

const SPEED = 10; // fast enough to see something within seconds, slow enough to step in
const BROKEN = "ads-outside-break";

/** Make the buttons; they lead to the session of the player they start. */
export function createTryPlayer({ api, go, announce }) {
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const buttons = [button("Simulate a player", null), button("Simulate a broken player", BROKEN)];
  let stopped = false;

  function button(label, flaw) {
    return h("button.button", { type: "button", onClick: () => start(label, flaw) }, label);
  }

  async function start(label, flaw) {
    for (const one of buttons) one.disabled = true;
    try {
      announce(`${label}: it starts`);
      const sid = await startPlayer(api, { flaw, content: "vod", speed: SPEED }, () => stopped);
      if (sid) go(`#/sessions/${encodeURIComponent(sid)}`);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  }

  return {
    elements: [...buttons, problem],
    dispose() {
      stopped = true;
    },
  };
}
