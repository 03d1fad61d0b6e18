// The requests that a search of sessions finds as well: the first ones, and a link to all.

import { queryString } from "../api.js";
import { h, renew } from "../dom.js";
import * as format from "../format.js";
import { summary } from "../journal-rows.js";
import { requestTitle } from "./event-row.js";
/** @import { Api } from "../api.js" */

const SHOWN = 3;

/**
 * Make the strip; `load(q)` fills it with what matches, or empties it.
 *
 * @param {{ api: Api }} given
 */
export function createFoundRequests({ api }) {
  const element = h("section.found", { "aria-label": "Requests that match", hidden: true });

  async function load(q) {
    const { events, meta } = q ? await api.get("/events", { q, limit: SHOWN, surroundings: true }) : { events: [], meta: { total: 0 } };
    element.hidden = !events.length;
    renew(element, h("a.button", { href: `#/events${queryString({ q })}` }, meta.total === 1 ? "1 request" : `All ${format.count(meta.total)} requests`),
      events.map((entry) => {
        const row = summary(entry);
        return h("a.one", { href: `#/events/${row.seq}${queryString({ q })}` },
          h("span.number", `#${row.seq} `), h("bdi", format.shorten(requestTitle(row), 60)), row.content && [" \u00b7 ", h("bdi", format.shorten(row.content, 60))]);
      }));
  }

  return { element, load };
}
