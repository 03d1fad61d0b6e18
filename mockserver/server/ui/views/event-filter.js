// The filter of the journal: the fields of a query, kept in the address of the page.

import { h } from "../dom.js";
import { EVENT_TYPES, OUTCOMES } from "../words.js";

const PAUSE_MS = 250;

/** A row of fields; `changed(query)` gets the query for `/events`. */
export function createFilter(given, changed) {
  const fields = {
    event_type: choice("Event type", "any event", EVENT_TYPES),
    outcome: choice("Outcome", "any outcome", OUTCOMES),
    status: h("input", { type: "text", inputmode: "numeric", size: 6, placeholder: "status", "aria-label": "Status", maxlength: 3, pattern: "[0-9]*" }),
    session_id: h("input", { type: "text", size: 12, placeholder: "session id", "aria-label": "Complete session id", spellcheck: "false" }),
    where: h("input.grow", { type: "search", placeholder: "/params/media.id=clip-7", "aria-label": "Condition on the body: JSON pointer, then = != > < or *=, then a value",
      title: "JSON pointer, then = != > < or *= (contains), then a value", spellcheck: "false", autocomplete: "off", dataset: { search: "" } }),
  };
  const element = h("div.toolbar.filter.grow", { role: "search" }, fields.where, fields.event_type, fields.outcome, fields.status, fields.session_id);
  let timer = 0;

  for (const [name, field] of Object.entries(fields)) {
    if (given?.get(name)) field.value = given.get(name);
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(apply, PAUSE_MS);
    });
  }

  function choice(label, any, names) {
    return h("select", { "aria-label": label }, h("option", { value: "" }, any), names.map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
  }

  function value() {
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()]).filter(([, text]) => text));
  }

  function apply() {
    clearTimeout(timer);
    const text = new URLSearchParams(value()).toString();
    history.replaceState(null, "", `#/events${text ? `?${text}` : ""}`);
    changed(value());
  }

  return {
    element,
    value,
    active: () => Object.keys(value()).length > 0,
    clear() {
      for (const field of Object.values(fields)) field.value = "";
      apply();
      fields.where.focus();
    },
    /** Who leaves while still typing has gone to another address. */
    stop: () => clearTimeout(timer),
    /** Mark the condition as wrong. */
    invalid(is) {
      if (is) fields.where.setAttribute("aria-invalid", "true");
      else fields.where.removeAttribute("aria-invalid");
    },
  };
}
