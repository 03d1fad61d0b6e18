// All settings as a form, generated from their descriptions on the server.

import { h } from "../dom.js";
import { rich } from "./descriptions.js";
import { Unreadable, createField } from "./fields.js";
import { changesOf, fieldOf, inputText } from "./setting.js";
/** @import { Api } from "../api.js" */

/** @type {[string, RegExp][]} */
const GROUPS = [
  ["Session lifetimes", /^(idle_|stall_|max_age|retention|grace|session_rules|complete_closes|after_end)/],
  ["Validation and HTTP", /^(check_order|content_type|schema_profile|docs_lenient|states_update|sessions_array|batch_location|path_prefixes|cors\.|fault_header)/],
  ["Event processing and metrics", /^(reorder|ties|progress|segment|unclosed|error_stops|resume_|bitrate|credit)/],
  ["Limits", /^max_/],
  ["Others", /./],
];

/**
 * Make the form. `settings` are the current ones, `explained` comes from descriptions.js.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createSettingsForm({ api, announce, equivalents, settings, explained }) {
  const record = explained.of("Settings");
  const thresholds = explained.of("Thresholds");
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const save = h("button.button.primary", { disabled: true }, "No changes");
  const search = h("input.grow", { type: "search", placeholder: "Search settings", "aria-label": "Search settings", spellcheck: "false", dataset: { search: "" }, onInput: filter });
  const undo = h("button.button", { type: "button", hidden: true, onClick: () => adopt(inForce) }, "Undo");
  const fields = new Map();
  let inForce = settings;

  const names = Object.keys(settings).filter((name) => name !== "thresholds");
  const sections = GROUPS.map(([title, pattern], at) => {
    const mine = names.filter((name) => pattern.test(name) && !GROUPS.slice(0, at).some(([, earlier]) => earlier.test(name)));
    return mine.length ? section(title, mine.map((name) => [name, record.members[name]])) : null;
  });
  const limits = Object.keys(settings.thresholds ?? {}).map((name) => [`thresholds/${name}`, thresholds.members[name]]);
  const element = h("form.card.settings-form", { "aria-label": "Settings", novalidate: true, onSubmit: patch },
    h("div.toolbar.head", h("h2", "Current settings"), search, undo, save), problem,
    sections, limits.length ? section("Thresholds of findings", limits) : null);

  function section(title, members) {
    const made = members.map(([name, member = { text: "", schema: {} }]) => {
      const field = createField(fieldOf(name, member.schema, explained), { hint: rich(member.text), changed: look });
      fields.set(name, field);
      return field.element;
    });
    return h("details.section", { open: title !== "Limits" && limitsOpen(title) }, h("summary", h("h3", title)), h("div.fields", made));
  }

  function limitsOpen(title) {
    return !title.startsWith("Thresholds");
  }

  function current(name) {
    return name.startsWith("thresholds/") ? inForce.thresholds[name.slice(11)] : inForce[name];
  }

  function adopt(answer) {
    inForce = answer;
    for (const [name, field] of fields) {
      field.set(inputText(current(name)));
      field.fail("");
    }
    problem.hidden = true;
    look();
  }

  /** What was changed, as a PATCH takes it; null when something cannot be read. */
  function changes() {
    const given = new Map();
    let usable = true;
    for (const [name, field] of fields) {
      try {
        given.set(name, field.read());
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        field.fail(error.message);
        usable = false;
      }
    }
    return usable ? changesOf(given, inForce, explained) : null;
  }

  function look() {
    const body = changes();
    const n = body ? Object.keys(body).length : 0;
    save.disabled = n === 0;
    undo.hidden = body !== null && n === 0;
    save.textContent = body === null ? "Invalid value" : n === 0 ? "No changes" : n === 1 ? "Save 1 change" : `Save ${n} changes`;
    if (n) equivalents.show(save.textContent, { method: "PATCH", path: "/settings", body });
    for (const [name, field] of fields) field.element.classList.toggle("changed", body !== null && (name in body || (name.startsWith("thresholds/") && "thresholds" in body && !same(field, name))));
  }

  function same(field, name) {
    return JSON.stringify(field.read() ?? null) === JSON.stringify(current(name));
  }

  async function patch(event) {
    event.preventDefault();
    const body = changes();
    if (!body || !Object.keys(body).length) return;
    try {
      adopt(await api.patch("/settings", body));
      announce("Settings saved");
    } catch (error) {
      if (!("status" in error)) throw error;
      refused(error);
    }
  }

  function refused({ message, pointer }) {
    const [first, second] = (pointer ?? "").split("/").slice(1);
    const field = fields.get(first) ?? fields.get(`${first}/${second}`);
    if (field) {
      field.element.closest("details").open = true;
      field.fail(message);
      field.focus();
      return;
    }
    problem.textContent = message;
    problem.hidden = false;
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const part of element.querySelectorAll("details.section")) {
      const inside = [...part.querySelectorAll(".field")];
      for (const field of inside) field.hidden = !words.every((word) => field.textContent.toLowerCase().includes(word));
      part.hidden = inside.every((field) => field.hidden);
      if (words.length) part.open = true;
    }
  }

  adopt(settings);
  return { element };
}
