// Stories: failures from production, to start here and see whether a player survives them.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import { createRefresher } from "../refresher.js";
import { createActions } from "./actions.js";
import { createEquivalents } from "./equivalents.js";
import { keep, running, summary, tick } from "./story-card.js";
/** @import { Api } from "../api.js" */
/** @import { StoryView } from "../types.d.ts" */

const LIVE_STATES = new Set(["waiting", "running"]);
const TICK_MS = 500;
const REREAD_MS = 2000;

/**
 * The list of stories, with the current one above it.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, clock, announce }) {
  const equivalents = createEquivalents({ api });
  const refresher = createRefresher(load);
  const actions = createActions({ api, announce, equivalents, changed: () => refresher.now() });
  const told = h("div.told");
  const search = h("input.grow", { type: "search", placeholder: "Search by symptom, cause or client", "aria-label": "Search stories", dataset: { search: "" }, spellcheck: "false", onInput: filter });
  const list = h("div.stories");
  const nothing = h("p.empty", { hidden: true }, "No matching stories.");
  const scrolled = h("div.controls", { tabindex: -1 },
    h("div.toolbar", h("h1", "Stories"), search),
    h("p.muted", "Each story plays one failure from production. Start one, play something, and see whether your player copes as it should."),
    actions.problem, told, list, nothing);
  const element = h("section.controls-view", { "aria-label": "Stories" }, scrolled, equivalents.element);
  const cards = new Map();
  let current = null;
  let readAt = 0;
  let drawn = "";

  async function load() {
    try {
      const { stories } = await api.get("/stories");
      for (const story of stories) draw(story);
      if (list.children.length !== cards.size) replace(list, [...cards.values()].map(({ card }) => card));
      filter();
      const active = stories.find(({ state }) => state !== "idle");
      show(active ? await api.get(path`/stories/${active.name}`) : null);
    } catch (error) {
      actions.problem.textContent = error.message;
      actions.problem.hidden = false;
    }
  }

  /** @param {StoryView} story */
  function draw(story) {
    const text = JSON.stringify([story.state, story.verdict, story.story]);
    const known = cards.get(story.name);
    if (known?.text === text) return;
    const card = summary(story, { start: () => button("start", story), stop: () => button("stop", story), open: known?.card.querySelector("details")?.open ?? false });
    known?.card.replaceWith(card);
    cards.set(story.name, { text, card, words: JSON.stringify([story.name, story.story]).toLowerCase() });
  }

  function button(what, { name, story }, again = "") {
    const said = what === "start" ? `Started: ${story.title}` : `Stopped: ${story.title}`;
    return actions.button(what === "start" ? `Start${again}` : "Stop", { method: "POST", path: `${path`/stories/${name}`}/${what}` },
      { name: `${what === "start" ? `Start${again}` : "Stop"} ${name}`, said, done: () => scrolled.scrollTo({ top: 0 }) });
  }

  /** @param {StoryView} story */
  function show(story) {
    if (story?.verdict && current?.name === story.name && !current.verdict) announce(`The story is ${story.verdict}`);
    current = story;
    readAt = clock.now();
    const text = JSON.stringify(story && { ...story, remaining_ms: story.remaining_ms !== null });
    if (text === drawn) return tock();
    drawn = text;
    const card = story && running(story, { stop: () => button("stop", story), start: () => button("start", story, " again") });
    if (card && told.dataset.name === story.name) keep(told.firstElementChild, card);
    else replace(told, card);
    told.dataset.name = story?.name ?? "";
    tock();
  }

  function tock() {
    if (current) tick(told, current, clock.now() - readAt);
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const { card, words: text } of cards.values()) {
      card.hidden = !words.every((word) => text.includes(word));
      visible += card.hidden ? 0 : 1;
    }
    nothing.hidden = visible > 0 || !cards.size;
  }

  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type !== "state")) refresher.soon();
  });
  const ticking = setInterval(tock, TICK_MS);
  const reading = setInterval(() => {
    if (!document.hidden && LIVE_STATES.has(current?.state)) refresher.soon();
  }, REREAD_MS);
  const stopClock = clock.subscribe(() => refresher.soon());
  refresher.now();

  return {
    element,
    dispose() {
      stop();
      stopClock();
      clearInterval(ticking);
      clearInterval(reading);
      refresher.stop();
    },
  };
}
