// The findings about a session, worst first.

import { path } from "../api.js";
import { toCurl } from "../copy.js";
import { copyButton, h, replace } from "../dom.js";
import * as format from "../format.js";
import { findingAddress } from "./marks.js";
import { createReadingTab } from "./reading-tab.js";
/** @import { Api } from "../api.js" */
/** @import { Finding } from "../types.d.ts" */

const MOST = 1000;
const MOST_SEQS = 12;
const MOST_LOOSE = 5;

/**
 * Make the tab of a session. The address can name one finding: `?at=ad.outside-break@60`, its code and first request.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createFindingsTab({ api, sid, query }) {
  const [code, seq] = (query.get("at") ?? "").split("@");
  let led = false;
  const tab = createReadingTab("div.findings-list", {
    read: () => api.get(`${path`/sessions/${sid}`}/findings`, { limit: MOST }),
    said: ({ findings }) => findings,
    draw: ({ findings, meta }) => {
      const meant = findings.find((finding) => finding.code === code && (!seq || String(finding.seqs[0]) === seq));
      return [
        code && !meant ? h("p.problem", { role: "status" }, `There is no finding ${code} any more.`) : null,
        findings.length ? findings.map((finding) => card(finding, null, { api, meant: finding === meant })) : nothing(),
        meta.total > findings.length ? h("p.muted", `and ${format.count(meta.total - findings.length)} more`) : null,
      ];
    },
  });
  return {
    ...tab,
    async load() {
      await tab.load();
      const meant = tab.element.querySelector(".meant");
      if (!meant || led) return;
      led = true;
      meant.scrollIntoView({ block: "center" });
      meant.focus({ preventScroll: true });
    },
  };
}

/**
 * Make the list of what is wrong with requests that belong to no session, such as a sessionStart that was refused; it is
 * empty when there is nothing.
 *
 * @param {{ api: Api }} given
 */
export function createLooseFindings({ api }) {
  const tab = createReadingTab("section.findings-list.loose", {
    read: () => api.get("/findings", { loose: true, min_severity: "warning", limit: MOST_LOOSE }),
    said: ({ findings, meta }) => [findings, meta.total],
    draw: ({ findings, meta }) => {
      if (!findings.length) return [];
      return [h("h2", "Requests without a session"), findings.map((finding) => card(finding)),
        meta.total > findings.length ? h("p.muted", `and ${format.count(meta.total - findings.length)} more`) : null];
    },
  });
  replace(tab.element);
  tab.element.setAttribute("aria-label", "Requests without a session");
  return tab;
}

function nothing() {
  return h("div.empty", h("h2", "No findings"), h("p", "No rule found anything wrong with this session so far."));
}

/**
 * One finding. `at`: the request that it is shown at, which needs no link. With `api` its request can be copied; `meant`
 * says that the address of the page is its own.
 *
 * @param {Finding} finding
 * @param {number | null} at
 * @param {{ api?: Api | null, meant?: boolean }} given
 */
export function card(finding, at = null, { api = null, meant = false } = {}) {
  const { code, severity, seqs, session_id: sid } = finding;
  const badge = sid === null ? "span.badge" : "a.badge";
  return h("article.card.finding", { class: `${severity} ${meant ? "meant" : ""}`, tabindex: meant ? -1 : null, "aria-current": meant ? "true" : null },
    h("h2", h(badge, { class: severity, dataset: { sign: "" }, href: sid === null ? null : findingAddress(finding), title: "The address of this finding" }, code), " ", h("bdi", finding.message)),
    h("p", finding.consequence),
    finding.follows_from ? h("p.muted", `Follows from ${finding.follows_from}: fix that first, then check again.`) : null,
    h("p.muted", requests(seqs.filter((seq) => seq !== at), sid, at !== null),
      api && seqs.length ? [" ", copyButton(async () => toCurl(await api.get(path`/events/${seqs.at(-1)}`), new URL(api.base).origin), `#${seqs.at(-1)} as curl`, "curl")] : null,
      h("a.source", { href: `#/rules/${encodeURIComponent(code)}`, title: "The rule" }, finding.source || "The rule")));
}

function requests(seqs, sid, isOther) {
  const more = seqs.length - MOST_SEQS;
  const inside = sid === null ? "" : `?session_id=${encodeURIComponent(sid)}`;
  return [
    seqs.length ? `${isOther ? "Also request" : "Request"}${seqs.length === 1 ? " " : "s "}` : null,
    seqs.slice(0, MOST_SEQS).map((seq, n) => [n ? ", " : "", h("a.number", { href: `#/events/${seq}${inside}` }, `#${seq}`)]),
    more > 0 ? ` and ${format.count(more)} more` : null,
  ];
}
