// JSON as a tree that marks the places that are wrong. Big values are drawn on demand.

import { h } from "./dom.js";
import * as format from "./format.js";

const OPEN_DEPTH = 5;
const MOST_CHILDREN = 100;
const MOST_TEXT = 500;

/** Draw a value. `violations` are shown at the place their `path` points to, also where something is missing. */
export function tree(value, violations = []) {
  const wrong = new Map();
  for (const violation of violations) wrong.set(violation.path, [...(wrong.get(violation.path) ?? []), violation]);
  const placed = new Set();
  const drawn = node({ value, name: null, pointer: "", depth: 0, wrong, placed });
  const lost = violations.filter(({ path }) => !placed.has(path));
  return h("div.tree", drawn, lost.length ? h("div.elsewhere", explained(lost, true)) : null);
}

/** The last part of a JSON pointer. */
export function lastToken(pointer) {
  return pointer.slice(pointer.lastIndexOf("/") + 1).replaceAll("~1", "/").replaceAll("~0", "~");
}

function node(at) {
  const { value, wrong, placed, pointer } = at;
  const faults = wrong.get(pointer) ?? [];
  if (faults.length) placed.add(pointer);
  const isBranch = value !== null && typeof value === "object";
  const body = isBranch ? branch(at) : h("div.leaf", label(at), leaf(value));
  if (!faults.length) return body;
  return h("div.wrong", body, explained(faults));
}

function branch(at) {
  const { value, pointer, depth, wrong, placed } = at;
  const isList = Array.isArray(value);
  const names = isList ? null : Object.keys(value);
  const size = isList ? value.length : names.length;
  const missing = missingBelow(pointer, value, wrong);
  if (!size && !missing.length) return h("div.leaf", label(at), h("span.punctuation", isList ? "[ ]" : "{ }"));
  const inside = h("div.children");
  const open = depth < OPEN_DEPTH || [...wrong.keys()].some((path) => path.startsWith(`${pointer}/`));
  const summary = h("summary", label(at), h("span.muted", isList ? `[ ${format.count(size)} ]` : `{ ${format.count(size)} }`));
  const details = h("details", { open }, summary, inside);
  let drawn = 0;

  function more() {
    const end = Math.min(size, drawn + MOST_CHILDREN);
    for (; drawn < end; drawn++) {
      const name = isList ? drawn : names[drawn];
      inside.append(node({ value: value[name], name, pointer: `${pointer}/${escaped(name)}`, depth: depth + 1, wrong, placed }));
    }
    if (drawn >= size) return;
    const button = h("button.button", { type: "button" }, `${format.count(size - drawn)} more`);
    button.addEventListener("click", () => {
      button.remove();
      more();
    });
    inside.append(button);
  }

  if (open && depth < 200) more();
  else details.addEventListener("toggle", () => drawn || more());
  for (const path of missing) {
    placed.add(path);
    inside.append(h("div.wrong", h("div.leaf", h("span.key.absent", lastToken(path)), h("span.muted", " is missing")), explained(wrong.get(path))));
  }
  return details;
}

function missingBelow(pointer, value, wrong) {
  return [...wrong.keys()].filter((path) => path.slice(0, path.lastIndexOf("/")) === pointer && path !== pointer && !Object.hasOwn(value, lastToken(path)));
}

function label({ name }) {
  if (name === null) return null;
  return [h("bdi.key", typeof name === "number" ? String(name) : format.shorten(name, 200)), h("span.punctuation", ": ")];
}

function leaf(value) {
  if (typeof value !== "string") return h("span", { class: value === null ? "null" : typeof value }, String(value));
  const text = h("bdi.string", { dir: "auto" }, quoted(value.slice(0, MOST_TEXT), value.length > MOST_TEXT));
  if (value.length <= MOST_TEXT) return text;
  const button = h("button.button", { type: "button" }, `Show all ${format.count(value.length)} characters`);
  button.addEventListener("click", () => {
    text.textContent = quoted(value, false);
    button.remove();
  });
  return [text, button];
}

function quoted(text, isCut) {
  return isCut ? `${JSON.stringify(text).slice(0, -1)}\u2026` : JSON.stringify(text);
}

function explained(violations, withPath = false) {
  return h("ul.why", violations.map(({ path, rule, detail }) => h("li",
    withPath && path ? h("code", `${format.shorten(path, 200)} `) : null,
    h("bdi", format.shorten(detail, 2000)), h("span.rule", { title: "The rule that failed" }, rule))));
}

function escaped(name) {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}
