// Sending a recorded request to this server once more, as it was or edited.

import { h, replace } from "../dom.js";
/** @import { Entry } from "../types.d.ts" */

const BY_THE_BROWSER = /^(host|content-length|connection|transfer-encoding|expect|keep-alive|authorization|cookie|origin|referer|user-agent|accept-encoding|sec-.*)$/i;

/** Make what sends; `draw(entry)` gives the form for an entry. */
export function createAgain({ server, live }) {
  let waiting = null;

  const stop = live.subscribe((batch) => {
    for (const { type, entry } of batch) {
      if (type !== "entry" || !waiting || entry.request.path !== waiting.path || entry.request.method !== waiting.method) continue;
      waiting.arrived(entry.seq);
      waiting = null;
    }
  });

  /** @param {Entry} entry */
  function draw(entry) {
    const { method, path, headers, body, body_encoding } = entry.request;
    const bodiless = method === "GET" || method === "HEAD";
    const text = h("textarea", { rows: 6, value: body, "aria-label": "Body to send", spellcheck: "false", readonly: body_encoding === "base64" });
    const told = h("p", { role: "status" });
    const button = h("button.button", { type: "button", onClick: send }, "Send again");

    async function send() {
      button.disabled = true;
      const result = h("span", "Sending");
      const link = h("span");
      replace(told, result, " ", link);
      waiting = { method, path, arrived: (seq) => replace(link, h("a", { href: `#/events/${seq}` }, `#${seq}`)) };
      try {
        const sent = headers.filter(([name]) => !BY_THE_BROWSER.test(name));
        const answer = await fetch(server + (path.startsWith("/") ? path : "/"), { method, headers: /** @type {[string, string][]} */ (sent), body: bodiless ? undefined : content() });
        replace(result, `Answered ${answer.status}:`);
      } catch {
        replace(result, "There was no answer that a browser can use:");
      }
      button.disabled = false;
    }

    function content() {
      return body_encoding === "base64" ? Uint8Array.from(atob(body), (one) => one.charCodeAt(0)) : text.value;
    }

    return h("section.card.again", { "aria-label": "Send again" },
      h("div.toolbar", button, h("span.muted", "to this server; the time of the event stays as it was")),
      bodiless ? null : h("details", h("summary", "Edit the body"), text), told);
  }

  return { draw, dispose: stop };
}
