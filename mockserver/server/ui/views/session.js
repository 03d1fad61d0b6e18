// One session: its head, controls, timeline, findings, report and events.

import { path } from "../api.js";
import { createActions } from "../controls/actions.js";
import { createEquivalents } from "../controls/equivalents.js";
import { createQuickFaults } from "../controls/quick-faults.js";
import { copyButton, h, replace } from "../dom.js";
import { createRefresher } from "../refresher.js";
import { createEventsTab } from "./session-events.js";
import { createFindingsTab } from "./findings.js";
import { createReportTab } from "./report.js";
import { createTimelineTab } from "./timeline/tab.js";
import { createHeading, tick } from "./session-heading.js";

const TABS = {
  timeline: ["Timeline", createTimelineTab],
  findings: ["Findings", createFindingsTab],
  report: ["Report", createReportTab],
  events: ["Events", createEventsTab],
};
const TICK_MS = 1000;

/** The session of `params.sid`, with the tab `params.tab`. */
export function view(context) {
  const { api, live, clock, params, announce } = context;
  const { sid } = params;
  const chosen = params.tab in TABS ? params.tab : "timeline";
  const here = `#/sessions/${encodeURIComponent(sid)}`;
  const links = Object.entries(TABS).map(([name, [label]]) =>
    h("a", { role: "tab", id: `tab-${name}`, href: `${here}/${name}`, "aria-selected": String(name === chosen), "aria-controls": "tab-panel", tabindex: name === chosen ? 0 : -1 }, label));
  const strip = h("div.tabs", { role: "tablist", "aria-label": "About this session" }, links);
  const tab = TABS[chosen][1]({ ...context, sid, here });
  const panel = h("div.tab-panel#tab-panel", { role: "tabpanel", "aria-labelledby": `tab-${chosen}`, tabindex: chosen === "timeline" || chosen === "events" ? null : 0 }, tab.element);
  const equivalents = createEquivalents({ api, open: false, hint: "Point at a button to see its request." });
  const actions = createActions({ api, announce, equivalents, changed: () => refresher.now() });
  const quick = createQuickFaults({ api, announce, sid, live, equivalents });
  const expire = ends("Expire", "expire", "Its next event gets 410");
  const forget = ends("Forget", "forget", "Its next event gets 404");
  const buttons = [
    h("a.button", { href: `#/compare/${encodeURIComponent(sid)}`, title: "Compare with another session" }, "Compare"),
    copyButton(() => sid, "the session id", "Copy id"),
    expire,
    forget,
  ];
  const { element: head, show } = createHeading({ clock, actions: buttons });
  const element = h("article.session", head, h("div.session-controls", quick.element, actions.problem, equivalents.element), strip, panel);
  let session = null;
  let lasted = 0;

  function ends(label, what, title) {
    return actions.button(label, { method: "POST", path: `${path`/sessions/${sid}`}/${what}` }, { title, said: `${title}.` });
  }

  async function load() {
    const began = performance.now();
    try {
      session = await api.get(path`/sessions/${sid}`);
      show(session);
      const over = session.phase === "closed" || session.phase === "forgotten"; // its next event gets 410 or 404 anyway
      for (const one of [quick.element, expire]) one.hidden = over;
      forget.hidden = session.phase === "forgotten";
    } catch (error) {
      replace(head, h("div.problem", { role: "alert" }, error.message), h("p", h("a.button", { href: "#/sessions" }, "All sessions")));
      if (error.status === 404) {
        for (const one of [quick.element, equivalents.element, strip, panel]) one.hidden = true;
        return;
      }
    }
    await tab.load(session);
    lasted = performance.now() - began;
  }

  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = links.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    links[(at + step + links.length) % links.length].focus();
  });

  const refresher = createRefresher(load);
  const stop = live.subscribe((batch) => {
    const mine = batch.some(({ type, entry }) => type === "reset" || (type === "entry" && entry.session_id === sid));
    if (mine && lasted < 250) refresher.soon();
    else if (mine) setTimeout(refresher.soon, lasted * 3); // a long session is not read all the time
  });
  const timer = setInterval(() => session && tick(head, session, clock) && refresher.soon(), TICK_MS);
  const unfollow = clock.subscribe(() => refresher.soon());
  refresher.now();

  return {
    element,
    shown: () => tab.shown?.(),
    dispose() {
      stop();
      unfollow();
      clearInterval(timer);
      refresher.stop();
      quick.dispose();
      tab.dispose?.();
    },
  };
}
