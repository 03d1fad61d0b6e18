// One-click faults for the next event or the next session start.

import { h, replace } from "../dom.js";
import { createActions } from "./actions.js";
import { createEquivalents } from "./equivalents.js";
/** @import { Api } from "../api.js" */

const EVENT = [
  ["500", "answered 500", { fault: { kind: "status", code: 500 } }],
  ["410", "answered 410, as if its session were closed", { fault: { kind: "status", code: 410 } }],
  ["404", "answered 404, as if its session were unknown", { fault: { kind: "status", code: 404 } }],
  ["Reset connection", "ended by a connection reset", { fault: { kind: "reset" } }],
  ["5 s delay", "held for 5 seconds", { fault: { kind: "delay", ms: 5000 } }],
  ["429", "answered 429 with Retry-After", { fault: { kind: "status", code: 429, headers: { "Retry-After": "5" } } }],
  ["Cut answer", "processed, but its answer is cut off", { fault: { kind: "truncate", after_bytes: 20 }, stage: "response" }],
];
const START = [
  ["500", "answered 500", { fault: { kind: "status", code: 500 } }],
  ["No Location", "opened, but the answer has no Location", { fault: { kind: "drop_header", name: "Location" }, stage: "response" }],
  ["Slow, 6 s", "held for 6 seconds", { fault: { kind: "delay", ms: 6000 } }],
];

/**
 * Make the bar: for all traffic, or for the session `sid`. With `live` it shows when a fault was applied.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createQuickFaults({ api, announce, sid = null, live = null, equivalents = null, changed = () => {} }) {
  const own = equivalents ? null : createEquivalents({ api, open: false });
  const actions = createActions({ api, announce, equivalents: equivalents ?? own, changed });
  const armed = new Map();
  const struck = new Map(); // the request that each rule was applied to last: that may be known before the rule is
  const told = h("span.armed", { role: "status" });
  const element = h("div.quick-faults", { role: "group", "aria-label": "One-click faults" },
    h("div.toolbar",
      row("Next event", "event", EVENT, sid ? { session_id: sid } : {}),
      sid ? null : row("Next session start", "start", START, {}),
      told),
    actions.problem, own?.element);

  function row(title, operation, faults, scope) {
    return h("div.toolbar.quick", { role: "group", "aria-label": title }, h("span.muted", title),
      faults.map(([label, means, rule]) => {
        const name = `${title}: ${label}`;
        const body = { ...rule, name: name.toLowerCase(), when: { operation, ...scope }, times: 1 };
        return actions.button(label, { method: "POST", path: "/faults", body },
          { name, title: `The ${title.toLowerCase()} is ${means}`, said: `${name} armed`, done: (made) => arm(made.id, name) });
      }));
  }

  function arm(id, name) {
    armed.set(id, name);
    if (struck.has(id)) applied(id);
    else tell();
  }

  function applied(id) {
    const name = armed.get(id);
    armed.delete(id);
    tell(h("a.badge.error", { href: `#/events/${struck.get(id)}` }, `applied to #${struck.get(id)}: ${name}`));
  }

  function tell(last = null) {
    replace(told, [...armed.values()].map((name) => h("span.badge.warning", `armed: ${name}`)), last);
  }

  const stop = live?.subscribe((batch) => {
    for (const { type, entry } of batch) {
      if (type === "reset") for (const known of [armed, struck]) known.clear();
      if (type !== "entry") continue;
      for (const id of entry.fault_ids) {
        struck.set(id, entry.seq);
        if (armed.has(id)) applied(id);
      }
    }
    if (batch.some(({ type }) => type === "reset")) tell();
  }) ?? (() => {});

  return { element, dispose: stop };
}
