// The requests that a search of sessions finds as well: the first ones, and a link to all.

import { queryString } from "../api.js";
import { h, renew } from "../dom.js";
import * as format from "../format.js";
import { summary } from "../journal-rows.js";
import { requestTitle } from "./event-row.js";
/** @import { Api } from "../api.js" */

const SHOWN = 3;

/**
 * Make the strip; `read(q)` asks for what matches, `show(q, answer)` shows it.
 *
 * @param {{ api: Api }} given
 */
export function createFoundRequests({ api }) {
  const element = h("section.found", { "aria-label": "Requests that match", hidden: true });

  async function read(q) {
    return q ? api.get("/events", { q, limit: SHOWN, surroundings: true }) : { events: [], meta: { total: 0 } };
  }

  function show(q, { events, meta }) {
    element.hidden = !events.length;
    renew(element, h("a.button", { href: `#/events${queryString({ q })}` }, meta.total === 1 ? "1 request" : `All ${format.count(meta.total)} requests`),
      events.map((entry) => {
        const row = summary(entry);
        return h("a.one", { href: `#/events/${row.seq}${queryString({ q })}` },
          h("span.number", `#${row.seq} `), h("bdi", format.shorten(requestTitle(row), 60)), row.content && [" \u00b7 ", h("bdi", format.shorten(row.content, 60))]);
      }));
  }

  return { element, read, show };
}
