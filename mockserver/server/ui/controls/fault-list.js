// The fault rules with their counters.

import { h, replace } from "../dom.js";
import * as format from "../format.js";
/** @import { FaultRule } from "../types.d.ts" */

const COUNTED = ["id", "created_ms", "seen", "applied", "note"]; // members that the server adds to a rule

/** Make the list; `show(rules)` fills it. */
export function createFaultList({ actions }) {
  const rows = h("tbody");
  const spent = actions.button("Remove spent", () => null, { title: "Remove the rules that have reached their limit" });
  const element = h("section.card.fault-list", { "aria-label": "Fault rules" });
  const clear = actions.button("Remove all", { method: "DELETE", path: "/faults" }, { class: "danger", confirm: "Remove all?", said: "All rules removed" });
  const table = h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Table of fault rules" }, h("table.table",
    h("thead", h("tr", ["Rule", "Fault", "When", "Seen", "Applied", "Limits", "Actions"].map((name) => h("th", { scope: "col", class: /Seen|Applied/.test(name) ? "number" : "" }, name)))), rows));
  const drawn = new Map();
  let known = [];

  spent.addEventListener("click", async () => {
    for (const { id } of known.filter(isSpent)) await actions.send(`Remove ${id}`, { method: "DELETE", path: `/faults/${id}` });
  });

  function show(rules) {
    known = rules;
    spent.hidden = !rules.some(isSpent);
    const focused = document.activeElement;
    for (const id of drawn.keys()) if (!rules.some((rule) => rule.id === id)) drawn.delete(id);
    for (const rule of rules) {
      const text = JSON.stringify(rule);
      if (drawn.get(rule.id)?.text !== text) drawn.set(rule.id, { text, row: row(rule, drawn.get(rule.id)?.row) });
    }
    if (!rules.length) replace(element, h("h2", "Rules"), h("p.muted", "No fault rules."));
    else if (!element.contains(table)) replace(element, h("div.toolbar", h("h2", "Rules"), h("span.end.toolbar", spent, clear)), table);
    const wanted = rules.map(({ id }) => drawn.get(id).row);
    if (wanted.length !== rows.children.length || wanted.some((one, n) => rows.children[n] !== one)) replace(rows, wanted);
    if (focused instanceof HTMLElement && element.contains(focused)) focused.focus();
  }

  /**
   * Draw a rule; if it is drawn already, update only its counters, so that its buttons stay.
   *
   * @param {FaultRule} rule
   */
  function row(rule, before) {
    const cells = facts(rule);
    if (before && before.dataset.enabled === String(rule.enabled)) {
      cells.forEach((cell, n) => before.children[n].replaceWith(cell));
      before.className = looks(rule);
      return before;
    }
    return h("tr", { class: looks(rule), dataset: { rule: rule.id, enabled: rule.enabled } }, cells,
      h("td", h("div.toolbar.nowrap",
        actions.button(rule.enabled ? "Disable" : "Enable", { method: "PUT", path: `/faults/${rule.id}`, body: { ...asGiven(rule), enabled: !rule.enabled } },
          { name: `${rule.enabled ? "Disable" : "Enable"} ${rule.id}`, title: "Its counters start again at 0" }),
        actions.button("Remove", { method: "DELETE", path: `/faults/${rule.id}` }, { name: `Remove ${rule.id}`, class: "danger" }))));
  }

  return { element, show };
}

/**
 * A rule as its user wrote it, without defaults.
 *
 * @param {FaultRule} rule
 */
export function asGiven(rule) {
  const defaults = { when: "{}", stage: '"request"', name: "null", skip: "0", times: "null", every: "1", probability: "1", ttl_ms: "null", enabled: "true" };
  return Object.fromEntries(Object.entries(rule).filter(([name, value]) => !COUNTED.includes(name) && JSON.stringify(value) !== defaults[name]));
}

function isSpent({ times, applied }) {
  return times !== null && times !== undefined && applied >= times;
}

/** @param {FaultRule} rule */
function looks(rule) {
  return !rule.enabled ? "disabled" : isSpent(rule) ? "spent" : "";
}

/** @param {FaultRule} rule */
function facts(rule) {
  const { kind, ...members } = rule.fault;
  return [
    h("td", h("span.mono", rule.id), rule.name ? [" ", h("bdi", format.shorten(rule.name, 100))] : null,
      rule.enabled ? null : [" ", h("span.badge", "off")], isSpent(rule) ? [" ", h("span.badge", "spent")] : null),
    h("td", h("strong", kind.replaceAll("_", " ")), " ", pairs(members, kind), rule.stage === "response" ? h("span.muted", " in the answer") : null),
    h("td", Object.keys(rule.when).length ? pairs(rule.when) : h("span.muted", { title: rule.note ?? null }, "every request except preflights")),
    h("td.number", { dataset: { count: "seen" } }, format.count(rule.seen)),
    h("td.number", { dataset: { count: "applied" } }, format.count(rule.applied)),
    h("td", limits(rule)),
  ];
}

function pairs(members, kind = "") {
  return Object.entries(members).map(([name, value], n) => [n ? ", " : "", name === kind ? null : h("span.muted", `${name} `), h("bdi.mono", format.shorten(said(value), 300))]);
}

function said(value) {
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(" or ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function limits({ times, skip, every, probability, ttl_ms }) {
  const said = [
    times !== null && times !== undefined && (times === 1 ? "once" : `${format.count(times)} times`),
    skip > 0 && `after ${format.count(skip)}`,
    every > 1 && `every ${format.count(every)}th`,
    probability < 1 && `probability ${probability}`,
    ttl_ms !== null && ttl_ms !== undefined && `for ${format.duration(ttl_ms)}`,
  ].filter(Boolean);
  return said.length ? said.join(", ") : h("span.muted", "no limits");
}
