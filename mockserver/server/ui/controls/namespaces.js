// The namespaces of the server; to players each is a separate server.

import { path } from "../api.js";
import { h, renew, replace } from "../dom.js";
import * as format from "../format.js";
/** @import { Api } from "../api.js" */

/**
 * Make the card.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createNamespaces({ api, actions }) {
  const list = h("ul.plain-list");
  const drawn = new Map();
  const element = h("section.card", { "aria-label": "Namespaces" }, h("h2", "Namespaces"),
    h("p.muted", "The first request to /ns/NAME creates a namespace."), list);

  async function load() {
    try {
      const { namespaces } = await api.get("/namespaces");
      renew(list, namespaces.map(known));
      const names = new Set(namespaces.map(({ name }) => name));
      for (const name of drawn.keys()) if (!names.has(name)) drawn.delete(name);
    } catch (error) {
      replace(list, h("li.error-text", error.message));
    }
  }

  /** The item of a namespace; one that has not changed stays: its button may have been pressed once. */
  function known(namespace) {
    const text = JSON.stringify(namespace);
    const before = drawn.get(namespace.name);
    if (before?.text === text) return before.element;
    const element = item(namespace);
    drawn.set(namespace.name, { text, element });
    return element;
  }

  function item({ name, requests, sessions }) {
    return h("li",
      h("a", { href: address(name), target: "_blank", rel: "noopener", title: "Opens in a new tab" }, h("bdi", name)),
      h("span.muted.number", `${counted(requests, "request")}, ${counted(sessions, "session")}`),
      name === "default" ? null : actions.button("Drop", { method: "DELETE", path: path`/namespaces/${name}` },
        { name: `Drop ${name}`, class: "danger", confirm: "Drop it?", said: `${name} dropped`, done: load }));
  }

  function address(name) {
    const url = new URL(api.base);
    const host = url.host.replace(/^.+\.localhost(?=:|$)/, "localhost");
    return `${url.protocol}//${host}${name === "default" ? "" : `/ns/${encodeURIComponent(name)}`}/__admin/ui/`;
  }

  return { element, load };
}

function counted(n, thing) {
  return `${format.count(n)} ${thing}${n === 1 ? "" : "s"}`;
}
