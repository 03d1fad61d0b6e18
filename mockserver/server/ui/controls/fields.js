// Fields of a form: an element with its label, and its value as JSON.

import { h } from "../dom.js";

/** What was filled in cannot be read. */
export class Unreadable extends Error {}

const READERS = {
  text: (text) => text,
  int: (text) => number(text, true),
  number: (text) => number(text, false),
  choice: (text) => text,
  yesno: (text) => text === "true",
  names: (text) => one(parts(text, /[,\s]+/)),
  ints: (text) => one(parts(text, /[,\s]+/).map((part) => number(part, true))),
  lines: (text) => one(parts(text, /\n/)),
  any: (text) => json(text, () => text),
  json: (text) => json(text, () => {
    throw new Unreadable("This is not valid JSON.");
  }),
  headers: (text) => Object.fromEntries(parts(text, /\n/).map(header)),
};
const PLACEHOLDERS = { headers: "Name: value", any: "text or JSON" };
const TALL = new Set(["lines", "any", "json", "headers"]);
let made = 0;

/**
 * Make a field of `{name, label, input, choices, none, placeholder, start, required, fixed, list}`: `none` is the text
 * of the empty choice, `fixed` leaves that choice out.
 *
 * `read()` gives the value, undefined when nothing was filled in, or throws Unreadable; `fail(message)` shows an error,
 * or removes it if the message is ""; `hint` is the explanation.
 */
export function createField(spec, { hint = null, changed = () => {} } = {}) {
  const id = `field-${++made}`;
  const control = spec.input === "range" ? range(spec, id) : single(spec, id);
  const wrong = h("span.error-text", { id: `${id}-wrong`, hidden: true });
  const about = h("span.hint", { id: `${id}-hint`, hidden: !hint }, hint);
  for (const part of control.parts) {
    part.setAttribute("aria-describedby", `${id}-wrong ${id}-hint`);
    part.addEventListener("input", () => {
      fail("");
      changed();
    });
  }

  function fail(message) {
    wrong.textContent = message;
    wrong.hidden = !message;
    for (const part of control.parts) {
      if (message) part.setAttribute("aria-invalid", "true");
      else part.removeAttribute("aria-invalid");
    }
  }

  return {
    name: spec.name,
    element: h("div.field", { class: `input-${spec.input}`, dataset: { field: spec.name } },
      control.group ? h("span", { id: `${id}-label` }, spec.label) : h("label", { for: id }, spec.label, spec.required && !spec.fixed ? h("span.needed", { title: "Required" }, " *") : null),
      control.element, wrong, about),
    read: control.read,
    set: control.set,
    fail,
    focus: () => control.parts[0].focus(),
  };
}

function single(spec, id) {
  const attributes = { id, spellcheck: "false", autocomplete: "off", placeholder: spec.placeholder ?? PLACEHOLDERS[spec.input] ?? null, list: spec.list ?? null, disabled: spec.disabled ?? false };
  let element;
  if (spec.input === "choice") {
    const none = spec.required ? null : h("option", { value: "" }, spec.none);
    element = h("select", { id }, none, spec.choices.map((choice) => h("option", { value: String(choice) }, String(choice).replaceAll("_", " "))));
  } else if (spec.input === "yesno") {
    element = h("select", { id }, h("option", { value: "" }, spec.none ?? "either"), (spec.choices ?? ["true", "false"]).map((value) => h("option", { value }, value === "true" ? "yes" : "no")));
  } else if (TALL.has(spec.input)) {
    element = h("textarea", { ...attributes, rows: spec.rows ?? 2 });
  } else {
    element = h("input", { ...attributes, type: "text", inputmode: { int: "numeric", number: "decimal" }[spec.input] ?? null });
  }
  if (spec.start !== undefined) element.value = spec.start;
  return {
    element,
    parts: [element],
    read() {
      const text = element.value.trim();
      return text === "" ? undefined : READERS[spec.input](text);
    },
    set(text) {
      element.value = text;
    },
  };
}

function range(spec, id) {
  const ends = ["at_least", "below"].map((end) => h("input", { type: "text", inputmode: "decimal", size: 6, placeholder: end.replace("_", " "), "aria-label": `${spec.label}: ${end.replace("_", " ")}`, dataset: { end } }));
  return {
    element: h("div.joined", { role: "group", "aria-labelledby": `${id}-label` }, ends),
    parts: ends,
    group: true,
    read() {
      const given = ends.filter(({ value }) => value.trim() !== "").map((end) => [end.dataset.end, number(end.value.trim(), false)]);
      return given.length ? Object.fromEntries(given) : undefined;
    },
    set() {
      for (const end of ends) end.value = "";
    },
  };
}

function number(text, whole) {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Unreadable(`${text} is not a number.`);
  if (whole && !Number.isInteger(value)) throw new Unreadable(`${text} is not a whole number.`);
  if (whole && !Number.isSafeInteger(value)) throw new Unreadable(`${text} is too large.`); // it would be sent as another number
  return value;
}

function parts(text, between) {
  return text.split(between).map((part) => part.trim()).filter(Boolean);
}

function one(values) {
  return values.length === 1 ? values[0] : values.length ? values : undefined;
}

function json(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise();
  }
}

function header(line) {
  const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? [];
  if (!name) throw new Unreadable(`${line} is not a header: write Name: value.`);
  return [name, value];
}
