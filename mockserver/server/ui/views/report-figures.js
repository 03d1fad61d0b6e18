// What a report opens with: the figures that matter, and what the findings did to them.

import { h } from "../dom.js";
import * as format from "../format.js";
import { findingAddress } from "./marks.js";
/** @import { Finding, SessionReport } from "../types.d.ts" */

const MOST = 5;

/**
 * The card above the tables.
 *
 * @param {SessionReport} report
 * @param {Finding[]} findings
 */
export function figures(report, findings) {
  const of = (name) => report.metrics.find((metric) => metric.name === name);
  const exact = (name) => of(name)?.exact;
  const ads = report.ads.filter(({ reported }) => reported);
  const completed = ads.filter(({ metrics }) => metrics.some(({ name, exact: is }) => name === "completes" && is === true));
  const spent = exact("content_time_spent_s");
  return h("section.card.figures", { "aria-label": "Figures" },
    h("dl.facts",
      figure("Media starts", count(exact("media_starts"))),
      figure("Content starts", count(exact("content_starts"))),
      figure("Content time spent", Number.isFinite(spent) ? (spent ? format.duration(spent * 1000) : "0 s") : "\u2014"),
      figure("Ads", ads.length ? `${ads.length} started, ${completed.length} completed` : "none"),
      figure("Content completes", count(exact("content_completes")))),
    !report.reported && h("p", "Nothing of this session would be reported."),
    h("ul.effects", { "aria-label": "Why" }, report.summary.map((sentence) => h("li", sentence))),
    effects(findings));
}

/** @param {boolean | null | undefined} happened Null if it is not known: the journal has dropped the beginning. */
function count(happened) {
  return happened === null ? "\u2014" : happened ? "1" : "0";
}

function figure(name, value) {
  return h("div", h("dt", name), h("dd", h("strong", value)));
}

/** @param {Finding[]} findings */
function effects(findings) {
  const causes = findings.filter(({ severity, follows_from }) => severity !== "info" && !follows_from);
  if (!causes.length) return h("p.muted", "No finding changes these figures.");
  const byCode = new Map();
  for (const finding of causes) byCode.set(finding.code, [...(byCode.get(finding.code) ?? []), finding]);
  const shown = [...byCode.values()].slice(0, MOST);
  return h("ul.effects", { "aria-label": "What the findings did" }, shown.map(([first, ...others]) =>
    h("li", h("a.badge", { class: first.severity, href: findingAddress(first), dataset: { sign: "" } }, first.code), others.length ? ` ${others.length + 1}\u00d7 ` : " ", first.consequence)),
    byCode.size > MOST ? h("li.muted", `and ${byCode.size - MOST} more, see Findings`) : null);
}
