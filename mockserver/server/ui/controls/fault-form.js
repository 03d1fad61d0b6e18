// The form for a new fault rule: what, when, how often.

import { h, replace } from "../dom.js";
import { EVENT_TYPES } from "../words.js";
import { rich } from "./descriptions.js";
import { RULE, WHEN, kindsOf } from "./fault-kinds.js";
import { Unreadable, createField } from "./fields.js";

/** Make the form. `explained` is what descriptions.js read; `submit(rule)` adds the rule. */
export function createFaultForm({ explained, equivalents, submit }) {
  const kinds = kindsOf(explained);
  const groups = { fault: new Map(), when: fields("When", WHEN), rule: fields("FaultSpec", RULE) };
  const kind = h("select#fault-kind", { onChange: chosen }, kinds.map((one) => h("option", { value: one.kind }, one.title)));
  const what = h("span");
  const own = h("div.own");
  const preview = h("pre.code.preview", { tabindex: 0, role: "region", "aria-label": "The rule as JSON" });
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const conditions = split("when", WHEN, "More conditions");
  const limits = split("rule", RULE, "More limits, stage and name");
  const element = h("form.card.fault-form", { "aria-label": "New fault rule", novalidate: true, onSubmit: add },
    h("h2", "New rule"),
    h("div.columns",
      h("fieldset", h("legend", "What happens"), h("div.fields", h("div.field.wide", h("label", { for: "fault-kind" }, "Kind"), kind, h("span.hint", what))), own),
      h("fieldset", h("legend", "When"), conditions),
      h("fieldset", h("legend", "How often"), limits)),
    h("datalist#event-types", EVENT_TYPES.map((value) => h("option", { value }))),
    preview, problem,
    h("div.toolbar", h("button.button.primary", "Add rule")));

  function fields(record, specs) {
    const members = explained.of(record).members;
    return new Map(specs.map((spec) => [spec.name, createField(spec, { hint: members[spec.name]?.text ? rich(members[spec.name].text) : null, changed: look })]));
  }

  /** The fields that most rules need, and the others on demand. */
  function split(group, specs, title) {
    const elements = (rare) => specs.filter((one) => Boolean(one.rare) === rare).map(({ name }) => groups[group].get(name).element);
    const others = elements(true);
    return [h("div.fields", elements(false)), others.length ? h("details", h("summary", title), h("div.fields", others)) : null];
  }

  function chosen() {
    const { record, fields: specs } = kinds.find((one) => one.kind === kind.value);
    const some = specs.some(({ required }) => required);
    replace(what, rich(explained.of(record).text));
    groups.fault = fields(record, specs);
    replace(own, split("fault", specs.map((one) => ({ ...one, rare: some && !one.required })), "More of this kind"));
    look();
  }

  /** The values of a group that were filled in; what cannot be read is marked and makes the rule unusable. */
  function values(group) {
    const given = {};
    for (const [name, field] of groups[group]) {
      try {
        const value = field.read();
        if (value !== undefined) given[name] = value;
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        field.fail(error.message);
        given[name] = null;
        usable = false;
      }
    }
    return given;
  }

  let usable = true;

  function rule() {
    usable = true;
    const fault = { kind: kind.value, ...values("fault") };
    const when = values("when");
    return { fault, ...(Object.keys(when).length ? { when } : {}), ...values("rule") };
  }

  function look() {
    const body = rule();
    preview.textContent = JSON.stringify(body, null, 2);
    equivalents.show("Add rule", { method: "POST", path: "/faults", body });
  }

  async function add(event) {
    event.preventDefault();
    clear();
    const body = rule();
    if (!usable) return reveal(firstWrong());
    try {
      await submit(body);
    } catch (error) {
      if (!("status" in error)) throw error;
      told(error);
    }
  }

  /** Show a refusal of the server at its field. */
  function told({ message, pointer }) {
    const missing = /member `(\w+)` is missing/.exec(message)?.[1];
    const [first, second] = `${pointer ?? ""}${missing ? `/${missing}` : ""}`.split("/").slice(1);
    const field = groups[first]?.get(second) ?? groups.rule.get(first);
    if (!field) {
      problem.textContent = message;
      problem.hidden = false;
      return;
    }
    field.fail(missing ? "Required." : message);
    const hidden = field.element.closest("details");
    if (hidden) hidden.open = true;
    field.focus();
  }

  function clear() {
    problem.hidden = true;
    for (const field of all()) field.fail("");
  }

  function all() {
    return Object.values(groups).flatMap((group) => [...group.values()]);
  }

  function reveal(wrong) {
    const hidden = wrong?.closest("details");
    if (hidden) hidden.open = true;
    wrong?.focus();
  }

  function firstWrong() {
    return element.querySelector("[aria-invalid]");
  }

  chosen();
  return { element };
}
