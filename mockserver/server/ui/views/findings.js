// The findings about a session, worst first.

import { path } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { createReadingTab } from "./reading-tab.js";
/** @import { Api } from "../api.js" */
/** @import { Finding } from "../types.d.ts" */

const MOST = 1000;
const MOST_SEQS = 12;
const MOST_LOOSE = 5;

/**
 * Make the tab of a session.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createFindingsTab({ api, sid }) {
  return createReadingTab("div.findings-list", {
    read: () => api.get(`${path`/sessions/${sid}`}/findings`, { limit: MOST }),
    said: ({ findings }) => findings,
    draw: ({ findings, meta }) => [
      findings.length ? cards(findings) : nothing(),
      meta.total > findings.length ? h("p.muted", `and ${format.count(meta.total - findings.length)} more`) : null,
    ],
  });
}

/**
 * Make the list of what is wrong with requests that belong to no session, such as a sessionStart that was refused; it is
 * empty when there is nothing.
 *
 * @param {{ api: Api }} given
 */
export function createLooseFindings({ api }) {
  const tab = createReadingTab("section.findings-list.loose", {
    read: () => api.get("/findings", { min_severity: "warning", limit: MOST }),
    said: ({ findings }) => findings.filter(isLoose),
    draw: ({ findings }) => {
      const loose = findings.filter(isLoose);
      if (!loose.length) return [];
      return [h("h2", "Requests without a session"), cards(loose.slice(0, MOST_LOOSE)),
        loose.length > MOST_LOOSE ? h("p.muted", `and ${format.count(loose.length - MOST_LOOSE)} more`) : null];
    },
  });
  replace(tab.element);
  tab.element.setAttribute("aria-label", "Requests without a session");
  return tab;
}

/** @param {Finding} finding */
function isLoose({ session_id, code }) {
  return session_id === null || code === "session.unknown-id";
}

function nothing() {
  return h("div.empty", h("h2", "No findings"), h("p", "No rule found anything wrong with this session so far."));
}

/** @param {Finding[]} findings */
function cards(findings) {
  return findings.map((finding) =>
    h("article.card.finding", { class: finding.severity },
      h("h2", h("span.badge", { class: finding.severity, dataset: { sign: "" } }, finding.code), " ", h("bdi", finding.message)),
      h("p", finding.consequence),
      finding.follows_from ? h("p.muted", `Follows from ${finding.follows_from}: fix that first, then check again.`) : null,
      h("p.muted", requests(finding.seqs), finding.source ? h("span.source", finding.source) : null)));
}

function requests(seqs) {
  const more = seqs.length - MOST_SEQS;
  return [
    seqs.length ? (seqs.length === 1 ? "Request " : "Requests ") : null,
    seqs.slice(0, MOST_SEQS).map((seq, n) => [n ? ", " : "", h("a.number", { href: `#/events/${seq}` }, `#${seq}`)]),
    more > 0 ? ` and ${format.count(more)} more` : null,
  ];
}
