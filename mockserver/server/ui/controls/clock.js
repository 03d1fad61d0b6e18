// The controls of the emulated clock: freeze, resume, jump, speed, real time.

import { h } from "../dom.js";
import * as format from "../format.js";
import { createActions } from "./actions.js";
import { createEquivalents } from "./equivalents.js";
/** @import { Api } from "../api.js" */

const JUMPS = [["+1 min", 60000], ["+10 min", 600000], ["+30 min", 1800000]];
const RATES = ["0.1", "0.5", "1", "2", "10", "60", "600"];
/** @type {[string, number][]} */
const UNITS = [["s", 1000], ["min", 60000], ["h", 3600000], ["ms", 1]];
const TICK_MS = 250;

/**
 * Make the control. Without `equivalents` it shows its requests itself.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createClockControl({ api, clock, announce, equivalents = null }) {
  const own = equivalents ? null : createEquivalents({ api, open: false });
  const actions = createActions({ api, announce, equivalents: equivalents ?? own, changed: (reading) => clock.adopt(reading) });
  const now = h("time.clock-now");
  const state = h("span.badge");
  const stand = actions.button("Freeze", () => command(clock.frozen ? "resume" : "freeze"), { class: "primary", said: "The clock changed" });
  const amount = h("input", { type: "text", inputmode: "decimal", size: 5, value: "5", "aria-label": "Jump by" });
  const unit = h("select", { "aria-label": "Unit" }, UNITS.map(([name]) => h("option", { value: name }, name)));
  const rate = h("select", { "aria-label": "Speed", onChange: () => actions.send(`Speed ${rate.value}`, command("rate", { rate: Number(rate.value) })) },
    RATES.map((one) => h("option", { value: one }, `${one}\u00d7`)));
  const element = h("div.clock-control", { role: "group", "aria-label": "Clock" },
    h("div.toolbar", now, state),
    h("div.toolbar", stand,
      JUMPS.map(([label, ms]) => actions.button(label, command("advance", { ms }), { said: `The clock jumped ${label}` })),
      h("span.joined", amount, unit, actions.button("Jump", jump))),
    h("div.toolbar", h("label.inline", "Speed ", rate),
      actions.button("Follow ts", command("follow_ts"), { title: "Jump forward to the ts of every accepted event, for players with fast or fake timers" }),
      actions.button("Real time", command("reset"), { title: "Show the time of this machine again", said: "The clock shows real time" })),
    actions.problem, own?.element);

  function command(action, members = {}) {
    return { method: "POST", path: "/clock", body: { action, ...members } };
  }

  function jump() {
    const ms = Math.round(Number(amount.value.replace(",", ".")) * UNITS.find(([name]) => name === unit.value)[1]);
    const usable = Number.isFinite(ms) && amount.value.trim() !== "";
    amount.toggleAttribute("aria-invalid", false);
    if (usable) return command("advance", { ms });
    amount.setAttribute("aria-invalid", "true");
    return null;
  }

  function tick() {
    if (!clock.known) return;
    const ms = clock.now();
    now.textContent = `${format.date(ms)}, ${format.clockSeconds(ms)}`;
    now.title = format.instant(ms);
  }

  function told() {
    state.className = clock.frozen ? "badge warning" : "badge ok";
    state.textContent = clock.frozen ? "frozen" : clock.rate === 1 ? "running" : `running ${clock.rate}\u00d7`;
    stand.textContent = clock.frozen ? "Resume" : "Freeze";
    const known = String(clock.rate);
    if (![...rate.options].some(({ value }) => value === known)) rate.append(h("option", { value: known }, `${known}\u00d7`));
    rate.value = known;
    tick();
  }

  unit.value = "min";
  told();
  const stop = clock.subscribe(told);
  const timer = setInterval(tick, TICK_MS);

  return {
    element,
    dispose() {
      stop();
      clearInterval(timer);
    },
  };
}

/**
 * The clock of the header: a button that opens the control.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createClockPopover({ api, clock, announce, face }) {
  const panel = h("div.popover#clock-panel", { popover: "auto" });
  const button = h("button.clock", { type: "button", popovertarget: "clock-panel", "aria-label": "Clock", title: "Move the clock of the server" }, face);
  let control = null;

  panel.addEventListener("beforetoggle", (event) => {
    control?.dispose();
    control = event.newState === "open" ? createClockControl({ api, clock, announce }) : null;
    panel.replaceChildren(...(control ? [control.element] : []));
    if (!control) return;
    const { bottom } = button.getBoundingClientRect();
    panel.style.top = `${Math.round(bottom + 6)}px`;
  });
  return [button, panel];
}
