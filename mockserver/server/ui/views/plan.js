// Whether the sessions follow a tracking plan: what is missed with what was seen instead, and what was tried.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { choosePlan, chosenPlan } from "../plan-file.js";
import { createRefresher } from "../refresher.js";
/** @import { Api } from "../api.js" */
/** @import { PlanCheck, PlanResult, PlannedSession } from "../types.d.ts" */

const MOST_SEQS = 12;
const MOST_SESSIONS = 100;

/**
 * The plan that was chosen and its result, as of now.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, announce }) {
  const said = h("div", { role: "status" });
  const input = h("input", { type: "file", accept: ".toml,.json", "aria-label": "Tracking plan", onChange: () => choose(input.files[0]) });
  const result = h("div.plan-result");
  const element = h("div.plan",
    h("header", h("h1", "Tracking plan"),
      h("p.muted", "Choose a plan (TOML) or drop it anywhere on this page: it says what players must report. ", h("code", "mockserver plan from FILE"), " drafts one from a recording.")),
    h("p", input), said, result);
  let shown = "";

  async function choose(file) {
    if (!file) return;
    try {
      await choosePlan(file);
    } catch (error) {
      problem(error.message);
      return;
    }
    input.value = "";
    shown = "";
    await refresher.now();
  }

  function problem(text) {
    replace(said, h("p.problem", { role: "alert" }, text));
    replace(result);
  }

  async function load() {
    const plan = chosenPlan();
    if (!plan) return;
    /** @type {PlanResult} */
    let answer;
    try {
      answer = await api.send("/plan", new Blob([plan.text]), plan.text.trimStart().startsWith("{") ? "application/json" : "application/toml");
    } catch (error) {
      shown = "";
      problem(`${plan.name}: ${error.message.replace(/^plan(?=:\d)/, "line").replace(/^line:/, "line ")}`);
      return;
    }
    const text = JSON.stringify([plan.name, answer]);
    if (text === shown) return;
    if (!shown) announce(`${answer.title}: ${verdict(answer)}`);
    shown = text;
    replace(said, summary(answer, plan.name));
    replace(result, drawn(answer));
  }

  const refresher = createRefresher(load);
  const stop = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "entry" || type === "reset")) refresher.soon();
  });
  refresher.now();

  return {
    element,
    update() {
      shown = ""; // a plan was dropped
      refresher.now();
      return true;
    },
    dispose() {
      stop();
      refresher.stop();
    },
  };
}

/** @param {PlanResult} answer */
function verdict({ followed, met, missed }) {
  return followed ? `followed, ${format.count(met)} checks met` : `not followed, ${format.count(missed)} of ${format.count(met + missed)} checks missed`;
}

/**
 * @param {PlanResult} answer
 * @param {string} name
 */
function summary(answer, name) {
  const { coverage } = answer;
  return h("section.card", { "aria-label": "Result" },
    h("h2", h("bdi", answer.title), " ", h("span.badge", { class: answer.followed ? "ok" : "error" }, answer.followed ? "followed" : "not followed"), " ", h("span.muted", name)),
    h("p", `${format.count(answer.met)} checks met, ${format.count(answer.missed)} missed.`),
    answer.journal_complete ? null : h("p.problem", "Older requests were dropped to stay within the limits, so it is not certain whether the plan is followed."),
    h("p", h("meter", { min: 0, max: 100, value: coverage.percent, "aria-label": "Tried of the plan" }), ` ${coverage.percent} % of the plan was tried (${format.count(coverage.tried)} of ${format.count(coverage.planned)}).`),
    coverage.untried.length ? h("details", h("summary", `Never tried: ${format.count(coverage.untried.length)}`), h("ul", coverage.untried.map((name) => h("li", h("bdi", name))))) : null);
}

/** @param {PlanResult} answer */
function drawn(answer) {
  const sessions = [...answer.sessions].sort((one, other) => Number(one.followed) - Number(other.followed));
  const missed = answer.checks.filter(({ met }) => !met);
  return [
    missed.length ? h("section.card", { "aria-label": "All traffic" }, h("h2", "All traffic"), missed.map(miss)) : null,
    sessions.slice(0, MOST_SESSIONS).map(card),
    sessions.length > MOST_SESSIONS ? h("p.muted", `and ${format.count(sessions.length - MOST_SESSIONS)} more`) : null,
  ];
}

/** @param {PlannedSession} session */
function card({ session_id: sid, media_id, content, followed, checks }) {
  const missed = checks.filter(({ met }) => !met);
  const met = checks.filter((check) => check.met);
  const name = media_id ?? sid.slice(0, 8);
  return h("section.card", { "aria-label": `Session ${name}` },
    h("h2", h("a", { href: `#${path`/sessions/${sid}`}` }, h("bdi", name)), " ", h("span.badge", { class: followed ? "ok" : "error" }, followed ? "followed" : `${missed.length} missed`), " ", h("span.muted", content ?? "no content of the plan")),
    missed.map(miss),
    met.length ? h("details", h("summary", `${format.count(met.length)} met`), h("ul", met.map(({ says }) => h("li", h("bdi", says))))) : null);
}

/** @param {PlanCheck} check */
function miss({ says, seen, line, session_id, seqs, nearest }) {
  return h("article.miss",
    h("h3", h("bdi", says), line === null ? null : h("span.muted", ` line ${line}`)),
    h("p", h("bdi", seen)),
    nearest.map(({ text, differences, seq }) => h("p.muted", h("a.number", { href: address(seq, session_id) }, h("bdi", text)),
      differences.map(({ field, actual, expected }) => [": ", h("bdi", `${field} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)]))),
    !nearest.length && seqs.length ? h("p.muted", seqs.slice(0, MOST_SEQS).map((seq, n) => [n ? ", " : "", h("a.number", { href: address(seq, session_id) }, `#${seq}`)]), seqs.length > MOST_SEQS ? ` and ${format.count(seqs.length - MOST_SEQS)} more` : null) : null);
}

function address(seq, sid) {
  return `#/events/${seq}${sid === null ? "" : `?session_id=${encodeURIComponent(sid)}`}`;
}
