// The tab with the timeline: reads its data and shows notes about it.

import { path } from "../../api.js";
import { h, replace } from "../../dom.js";
import * as format from "../../format.js";
import { createModel } from "./model.js";
import { createTimeline } from "./timeline.js";
/** @import { Api } from "../../api.js" */

const MOST_FINDINGS = 1000;

/**
 * Make the tab of a session.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createTimelineTab({ api, sid, go, announce }) {
  const timeline = createTimeline({ go, announce });
  const notes = h("p.session-notes.muted");
  const element = h("div", notes, timeline.element);
  let disposed = false;

  return {
    element,
    async load() {
      const session = path`/sessions/${sid}`;
      try {
        const [lanes, orders, found] = await Promise.all([
          api.get(`${session}/lanes`), api.get(`${session}/timeline`), api.get(`${session}/findings`, { limit: MOST_FINDINGS }),
        ]);
        if (disposed) return;
        const model = createModel(lanes, orders, found.findings);
        timeline.update(model);
        replace(notes, said(model, found.findings));
      } catch (error) {
        if (!disposed) replace(notes, h("span.problem", { role: "alert" }, error.message));
      }
    },
    dispose() {
      disposed = true;
      timeline.dispose();
    },
  };
}

function said(model, findings) {
  const parts = [`${format.count(model.marks.length)} events in ${format.duration(model.to - model.from)}`];
  for (const severity of ["error", "warning", "info"]) {
    const n = findings.filter((finding) => finding.severity === severity && !finding.follows_from).length;
    if (n) parts.push(format.severityLabel(severity, n));
  }
  const following = findings.filter(({ follows_from }) => follows_from).length;
  if (following) parts.push(`${format.count(following)} that ${following === 1 ? "follows" : "follow"} from them`);
  if (model.moved) parts.push(`${format.count(model.moved)} processed in another order than they arrived`);
  if (!model.complete) parts.push("older requests were dropped to stay within the limits");
  return parts.join(" \u00b7 ");
}
