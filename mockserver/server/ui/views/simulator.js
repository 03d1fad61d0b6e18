// Players that need no device: the server plays against itself.

import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { startPlayer } from "../player-start.js";

const SPEEDS = [["1", "as in life"], ["10", "10 times as fast"], ["60", "60 times as fast"], ["max", "at once"]];
const LATEST = 6;
const REREAD_MS = 1500;

/** A card with a form that starts simulated players, and the latest of them. */
export function simulator({ api, live, go, announce }) {
  const flaw = h("select", h("option", { value: "" }, "nothing: a careful player"));
  const content = h("select", h("option", { value: "vod" }, "vod"));
  const speed = h("select", SPEEDS.map(([value, text]) => h("option", { value }, text)));
  const explained = h("p.muted.explained");
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const button = h("button.button.primary", "Start a player");
  const latest = h("ul.players", { "aria-label": "Simulated players" });
  const form = h("form", { onSubmit: start },
    h("label.field", h("span", "What is broken about it"), flaw),
    h("div.toolbar", h("label.field", h("span", "Content"), content), h("label.field", h("span", "Speed"), speed), button), explained);
  const element = h("section.card.simulator", { "aria-label": "Simulated player" },
    h("h2", "Or try a simulated player"), form, problem, latest);
  let texts = new Map();
  let plays = new Map();
  let timer = 0;
  let stopped = false;

  speed.value = "10";
  flaw.addEventListener("change", explain);
  content.addEventListener("change", explain);

  function explain() {
    const told = [plays.get(content.value), texts.get(flaw.value) ?? "It reports as Adobe asks for."];
    explained.textContent = told.filter(Boolean).join(" ");
  }

  async function start(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      const wanted = { flaw: flaw.value || null, content: content.value, speed: speed.value === "max" ? "max" : Number(speed.value) };
      announce("The player starts");
      const sid = await startPlayer(api, wanted, () => stopped);
      problem.hidden = true;
      if (sid) go(`#/sessions/${encodeURIComponent(sid)}`);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
    load();
  }

  async function load() {
    clearTimeout(timer);
    try {
      const page = await api.get("/players");
      if (stopped) return;
      choices(page);
      replace(latest, page.players.slice(-LATEST).reverse().map(player));
      if (page.players.some(({ state }) => state === "running") && !stopped) timer = setTimeout(load, REREAD_MS);
    } catch (error) {
      button.disabled = true;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }

  function choices({ flaws = [], contents = [] }) {
    if (texts.size) return;
    texts = new Map(flaws.map(({ name, text }) => [name, text]));
    flaw.append(...flaws.map(({ name }) => h("option", { value: name }, name.replaceAll("-", " "))));
    plays = new Map(contents.map(({ name, text }) => [name, text]));
    if (contents.length) replace(content, contents.map(({ name }) => h("option", { value: name }, name)));
    explain();
  }

  function player({ id, title, content: kind, flaw: broken, state, session_ids: sids = [], events = 0, refused = 0 }) {
    const name = format.shorten(title ?? kind ?? id, 80);
    return h("li",
      h("span.badge", { class: { running: "ok", failed: "error" }[state] ?? "" }, state ?? ""),
      sids.length ? h("a", { href: `#/sessions/${encodeURIComponent(sids.at(-1))}` }, name) : h("span", name),
      h("span.muted", broken ? broken.replaceAll("-", " ") : "careful"),
      h("span.muted.number", `${format.count(events)} events${refused ? `, ${format.count(refused)} refused` : ""}`),
      state === "running" && h("button.button.quiet", { type: "button", "aria-label": `Stop ${name}`, onClick: () => stop(id) }, "Stop"));
  }

  async function stop(id) {
    await api.delete(`/players/${encodeURIComponent(id)}`).catch(() => null);
    load();
  }

  explain();
  load();
  const unsubscribe = live.subscribe((batch) => {
    if (batch.some(({ type }) => type === "reset")) load();
  });

  return {
    element,
    dispose() {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
