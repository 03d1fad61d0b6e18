// The rule behind a finding: what makes it report something, and where it comes from.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
/** @import { Api } from "../api.js" */
/** @import { RuleView } from "../types.d.ts" */

/**
 * One rule.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, params }) {
  const element = h("article.rule-view", h("p.muted", "Loading"));

  async function load() {
    try {
      replace(element, draw(await api.get(path`/rules/${params.code}`)));
    } catch (error) {
      replace(element, h("div.empty", { role: "alert" }, h("h1", "No such rule"), h("p", error.message)));
    }
  }

  load();
  return { element, dispose() {} };
}

/** @param {RuleView} rule */
function draw({ code, severity, dialects, trigger, consequence, tolerance, source }) {
  return [
    h("h1", h("code", code), " ", h("span.badge", { class: severity, dataset: { sign: "" } }, severity)),
    h("section.card", { "aria-label": "About the rule" }, h("dl.texts",
      fact("Reports", trigger),
      fact("What it does to the reports", consequence),
      tolerance && fact("Not reported", tolerance),
      dialects.length > 0 && fact("API", dialects.map(format.apiName).join(", ")),
      source && fact("Where the rule comes from", source))),
    h("p", h("a.button", { href: `#/sessions?q=${encodeURIComponent(`finding:${code}`)}` }, "Sessions with this finding")),
  ];
}

function fact(name, text) {
  return [h("dt", name), h("dd", text)];
}
