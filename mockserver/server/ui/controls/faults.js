// Faults: one-click faults, the rules, and the form for a new one.

import { h, replace } from "../dom.js";
import { createRefresher } from "../refresher.js";
import { createActions } from "./actions.js";
import { readDescriptions } from "./descriptions.js";
import { createEquivalents } from "./equivalents.js";
import { createFaultForm } from "./fault-form.js";
import { createFaultList } from "./fault-list.js";
import { createQuickFaults } from "./quick-faults.js";
/** @import { Api } from "../api.js" */

/**
 * The page of faults.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, announce }) {
  const equivalents = createEquivalents({ api });
  const refresher = createRefresher(load);
  const actions = createActions({ api, announce, equivalents, changed: () => refresher.now() });
  const quick = createQuickFaults({ api, announce, live, equivalents, changed: () => refresher.now() });
  const list = createFaultList({ actions });
  const place = h("div");
  const element = h("section.controls-view", { "aria-label": "Faults" },
    h("div.controls", { tabindex: -1 },
      h("h1", "Faults"),
      h("section.card", { "aria-label": "One-click faults" }, h("h2", "One-click faults"), quick.element),
      actions.problem, list.element, place),
    equivalents.element);

  async function load() {
    try {
      list.show((await api.get("/faults")).faults);
    } catch (error) {
      announce(error.message);
    }
  }

  async function form() {
    try {
      replace(place, createFaultForm({ explained: await readDescriptions(api), equivalents, submit }).element);
    } catch (error) {
      announce(error.message);
    }
  }

  async function submit(body) {
    const made = await api.post("/faults", body);
    announce(`${made.id} added`);
    refresher.now();
  }

  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type !== "state")) refresher.soon();
  });
  refresher.now();
  form();

  return {
    element,
    dispose() {
      stop();
      quick.dispose();
      refresher.stop();
    },
  };
}
