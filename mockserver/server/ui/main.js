// The entry point of the page: shared objects, and the view for each address.

import { createApi } from "./api.js";
import { createClock } from "./clock.js";
import { h, replace } from "./dom.js";
import { createHeader } from "./header.js";
import { bindKeys } from "./keys.js";
import { createLive } from "./live.js";
import { bindDrop } from "./recordings.js";

/** @type {[RegExp, string, string[]][]} */
const ROUTES = [
  [/^$/, "./views/sessions.js", []],
  [/^sessions$/, "./views/sessions.js", []],
  [/^sessions\/([^/]+)$/, "./views/session.js", ["sid"]],
  [/^sessions\/([^/]+)\/([^/]+)$/, "./views/session.js", ["sid", "tab"]],
  [/^events$/, "./views/events.js", []],
  [/^events\/(\d+)$/, "./views/events.js", ["seq"]],
  [/^compare$/, "./views/compare.js", []],
  [/^compare\/([^/]+)$/, "./views/compare.js", ["before"]],
  [/^compare\/([^/]+)\/([^/]+)$/, "./views/compare.js", ["before", "after"]],
  [/^plan$/, "./views/plan.js", []],
  [/^rules\/([^/]+)$/, "./views/rule.js", ["code"]],
  [/^stories$/, "./controls/stories.js", []],
  [/^faults$/, "./controls/faults.js", []],
  [/^settings$/, "./controls/settings.js", []],
  [/^start$/, "./views/start.js", []],
];

const api = createApi(location.href);
const live = createLive(`${api.base}/stream`);
const clock = createClock(api, live);
const main = document.getElementById("main");
const announcer = document.getElementById("announcer");
let shown = null;
let leaving = new AbortController();
let module = null;
let visit = 0;
let where = null;

/** Announce a text to screen readers. */
function announce(text) {
  announcer.textContent = "";
  requestAnimationFrame(() => {
    announcer.textContent = text;
  });
}

/** Go to an address of the page: "#/sessions". */
function go(hash) {
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** Parse `#/sessions?q=x`: module, and parameters of path and query. */
function resolve(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  for (const [pattern, module, names] of ROUTES) {
    const match = pattern.exec(path);
    if (!match) continue;
    const params = Object.fromEntries(names.map((name, n) => [name, decoded(match[n + 1])]));
    return { module, section: path.split("/")[0] || "sessions", params, query: new URLSearchParams(query) };
  }
  return null;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function show() {
  const mine = ++visit;
  const route = resolve(location.hash);
  header.mark(route?.section);
  const left = new AbortController();
  let next;
  try {
    if (!route) throw new Error(`There is no ${location.hash} on this page.`);
    const { view } = await import(route.module);
    if (mine !== visit) return;
    if (module === route.module && shown?.update?.(route)) return;
    module = route.module;
    next = view({ api: createApi(location.href, left.signal), live, clock, params: route.params, query: route.query, go, announce });
  } catch (error) {
    if (mine !== visit) return;
    module = null;
    next = { element: failure(error), dispose() {} };
  }
  shown?.dispose();
  leaving.abort();
  leaving = left;
  shown = next;
  replace(main, next.element);
  const place = location.hash.split(/[/?]/).slice(0, 3).join("/"); // a tab of a session is the same place
  if (place !== where) window.scrollTo(0, 0);
  if (where !== null && document.activeElement === document.body) main.focus({ preventScroll: true }); // the focused element is gone
  where = place;
  next.shown?.();
}

function failure(error) {
  return h("div.empty", { role: "alert" },
    h("h1", "This cannot be shown"), h("p", error.message), h("p", h("a.button", { href: "#/sessions" }, "All sessions")));
}

const header = createHeader({ api, live, clock, announce });
replace(document.getElementById("header"), header.element);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // its hash would be taken for a route
  main.focus();
});
bindKeys({ go });
header.element.append(bindDrop({ api, go, announce }));
window.addEventListener("hashchange", show);
show();
