// Settings and everything about the server itself: clock, reset, namespaces, simulated players.

import { h, replace } from "../dom.js";
import { createActions } from "./actions.js";
import { createClockControl } from "./clock.js";
import { readDescriptions } from "./descriptions.js";
import { createEquivalents } from "./equivalents.js";
import { createNamespaces } from "./namespaces.js";
import { createPlayers } from "./players.js";
import { createReset } from "./reset.js";
import { createSettingsForm } from "./settings-form.js";
/** @import { Api } from "../api.js" */

/**
 * The page of settings.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, clock, announce }) {
  const equivalents = createEquivalents({ api });
  const actions = createActions({ api, announce, equivalents, changed: () => namespaces.load() });
  const clockControl = createClockControl({ api, clock, announce, equivalents });
  const namespaces = createNamespaces({ api, actions });
  const players = createPlayers({ api, actions });
  const reset = createReset({ api, announce, equivalents, done: () => Promise.all([form(), namespaces.load(), players.load(), clock.refresh()]) });
  const place = h("div");
  const element = h("section.controls-view.settings-view", { "aria-label": "Settings" },
    h("div.controls", { tabindex: -1 },
      h("h1", "Settings"),
      actions.problem,
      h("div.columns",
        h("section.card", { "aria-label": "Clock of the server" }, h("h2", "Clock"), clockControl.element),
        reset.element, namespaces.element, players.element),
      place),
    equivalents.element);
  let disposed = false;

  async function form() {
    try {
      const [settings, explained] = await Promise.all([api.get("/settings"), readDescriptions(api)]);
      if (!disposed) replace(place, createSettingsForm({ api, announce, equivalents, settings, explained }).element);
    } catch (error) {
      if (!disposed) replace(place, h("p.problem", { role: "alert" }, error.message));
    }
  }

  const stop = live.subscribe((batch) => {
    if (!batch.some(({ type }) => type === "reset")) return;
    namespaces.load();
    players.load();
  });
  namespaces.load();
  players.load();
  form();

  return {
    element,
    dispose() {
      disposed = true;
      stop();
      clockControl.dispose();
      players.dispose();
    },
  };
}
