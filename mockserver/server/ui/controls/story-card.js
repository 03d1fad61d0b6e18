// A story in the list, and while it runs.

import { h, renew } from "../dom.js";
import * as format from "../format.js";

const STATES = { idle: "", waiting: "waiting for a request", running: "running", over: "over" };

/** A story in the list. */
export function summary({ name, origin, story, state, verdict }, { start, stop, open }) {
  const active = state === "waiting" || state === "running";
  return h("article.card.story", { class: state, dataset: { story: name } },
    h("div.story-head",
      h("div", h("h2", story.title, " ", badge(state, verdict)), h("p.symptom", story.symptom)),
      active ? stop() : start()),
    h("details", { open }, h("summary", h("span.mono", name), origin === "built-in" ? null : h("span.muted", ` from ${origin}`)),
      texts(story),
      h("h3", "Expectations"), h("ul.expectations", story.expect.map(({ says }) => h("li", says)))));
}

/** The current story, or the last one. */
export function running({ name, story, state, verdict, since, faults, expectations }, { start, stop }) {
  const active = state === "waiting" || state === "running";
  return h("section.card.running", { "aria-label": "Current story", class: verdict ?? state },
    h("div.story-head",
      h("div", h("h2", story.title, " ", badge(state, verdict)), h("p.symptom", story.symptom)),
      h("div.toolbar", h("span.remaining.number"), active ? stop() : start())),
    h("ul.expectations", { "aria-label": "Expectations" }, expectations.map(expectation)),
    faults.length ? rules(faults) : null,
    since === null ? null : h("p.muted", "Counts requests after ", h("span.number", `#${since}`), ". ", h("a", { href: "#/events" }, "See them")),
    h("details", h("summary", "About: ", h("span.mono", name)), texts(story)));
}

/** Make a card of `running` look like a later one of its story. What is open stays open, and what can be pressed stays in place. */
export function keep(card, later) {
  const open = [...card.querySelectorAll("details")].map((one) => one.open);
  later.querySelectorAll("details").forEach((one, n) => { one.open = open[n] ?? false; });
  later.querySelector(".remaining").textContent = card.querySelector(".remaining").textContent;
  card.className = later.className;
  const [head, ...others] = later.children;
  [...card.querySelector(".story-head").children].forEach((one, n) => renew(one, [...head.children[n].childNodes]));
  renew(card, card.firstElementChild, others);
}

/** Count down how long it lasts without a request. */
export function tick(element, { state, remaining_ms }, elapsed_ms) {
  const shown = element.querySelector(".remaining");
  if (!shown) return;
  if (state === "waiting") shown.textContent = "starts with the first request";
  else if (state === "running" && remaining_ms !== null) shown.textContent = `ends after ${format.countdown(remaining_ms - elapsed_ms)} without requests`;
  else shown.textContent = "";
}

function badge(state, verdict) {
  if (verdict) return h("span.badge", { class: verdict === "passed" ? "ok" : "error", dataset: { sign: "" } }, verdict);
  return STATES[state] ? h("span.badge.info", STATES[state]) : null;
}

function expectation({ says, met, final, message }) {
  const word = met ? "met" : final ? "not met" : "not yet met";
  const tone = met ? "ok" : final ? "error" : "warning";
  return h("li", { class: tone }, h("span.badge", { class: tone }, word), " ", h("span.says", says), final ? null : h("span.muted", " may still change"), verdict(message));
}

/** What was found and expected, in a few words; the query that counts it, on demand. */
function verdict(message) {
  const [, expected, query, found, rest] = /^(?:not )?verified: expected (.+?) with (.+?), found ([^\n]*)([^]*)$/.exec(message) ?? [];
  if (!found) return h("p.muted", message.replace(/^(?:not )?verified: /, ""));
  return h("div.muted", h("p", `Found ${found}, expected ${expected.replace(/^(at most|exactly) 0$/, "none")}.`),
    h("details", h("summary", "How this is counted"), h("p", h("code", query)), rest.trim() && h("p", rest.trim())));
}

function rules(faults) {
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Rules of the story" }, h("table.table",
    h("thead", h("tr", h("th", { scope: "col" }, "Rule"), h("th", { scope: "col" }, "Fault"), h("th.number", { scope: "col" }, "Seen"), h("th.number", { scope: "col" }, "Applied"))),
    h("tbody", faults.map(({ id, name, fault, seen, applied }) => h("tr", h("td", h("span.mono", id), " ", name), h("td", fault.kind.replaceAll("_", " ")),
      h("td.number", format.count(seen)), h("td.number", format.count(applied)))))));
}

function texts({ description, player, clients, settings, silence_s, watch_s }) {
  const changed = Object.entries(settings ?? {});
  return h("dl.texts",
    h("dt", "What the server does"), h("dd", description),
    h("dt", "What a good player does"), h("dd", player),
    clients ? [h("dt", "What real clients did"), h("dd", clients)] : null,
    changed.length ? [h("dt", "Settings"), h("dd", changed.map(([key, value]) => h("code", `${key} = ${JSON.stringify(value)} `)))] : null,
    h("dt", "Duration"), h("dd", `Ends after ${silence_s} s without requests, at most ${watch_s} s after the first.`));
}
