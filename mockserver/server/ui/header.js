// The bar at the top: the section, the time of the server, and whether the page is live.

import { createArmed } from "./armed.js";
import { createClockPopover } from "./controls/clock.js";
import { h, renew, replace } from "./dom.js";
import * as format from "./format.js";
import { showHelp } from "./keys.js";
import { nextTheme, theme } from "./theme-choice.js";
/** @import { Api } from "./api.js" */

const SECTIONS = [
  ["sessions", "Sessions"],
  ["events", "Events"],
  ["plan", "Plan"],
  ["stories", "Stories"],
  ["faults", "Faults"],
  ["settings", "Settings"],
  ["start", "Connect"],
];
const TICK_MS = 250;

/**
 * Make the header; `mark(section)` marks the current section.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createHeader({ api, live, clock, announce }) {
  const links = new Map(SECTIONS.map(([name, title]) => [name, h("a", { href: `#/${name}` }, title)]));
  const now = h("time.now");
  const pace = h("span.badge");
  const state = h("span.state", { role: "img" });
  const themes = h("button.button.quiet", { type: "button", onClick: () => themed(nextTheme()) });
  const chooser = h("select.namespace", { "aria-label": "Namespace", onFocus: fill, onChange: () => move(chooser.value) });
  const current = namespaceOf(api.base);

  function themed(name) {
    replace(themes, { system: "Auto", light: "Light", dark: "Dark" }[name]);
    themes.setAttribute("aria-label", `Theme: ${name}. Change it`);
    themes.title = `Theme: ${name}`;
  }

  function tick() {
    if (document.hidden || !clock.known) return;
    const ms = clock.now();
    replace(now, format.clockSeconds(ms), h("span.zone", ` ${format.zone(ms)}`));
    now.title = `${format.date(ms)}, ${format.instant(ms)}, on the server's clock`;
  }

  function paced() {
    pace.hidden = !clock.frozen && clock.rate === 1;
    pace.className = clock.frozen ? "badge warning" : "badge info";
    pace.textContent = clock.frozen ? "frozen" : `${clock.rate}×`;
    tick();
  }

  function stated(connected) {
    state.className = connected ? "state ok" : "state error";
    state.setAttribute("aria-label", connected ? "Live" : "Not connected");
    state.title = connected ? "Live: new requests appear at once" : "The server cannot be reached; trying again";
  }

  async function fill() {
    try {
      const { namespaces } = await api.get("/namespaces");
      options(namespaces.map(({ name }) => name));
    } catch {
      options([]);
    }
  }

  function options(names) {
    const all = [...new Set(["default", current, ...names])];
    renew(chooser, all.map((name) => h("option", { value: name, selected: name === current }, name)));
    chooser.value = current;
  }

  function move(name) {
    location.href = `${addressOf(name, api.base)}#/sessions`;
  }

  let wasConnected = null;
  live.subscribe((batch) => {
    for (const message of batch) {
      if (message.type !== "state") continue;
      stated(message.connected);
      if (wasConnected !== null) announce(message.connected ? "Connected again" : "Connection lost");
      wasConnected = message.connected;
    }
  });
  clock.subscribe(paced);
  setInterval(tick, TICK_MS);
  themed(theme());
  stated(live.connected);
  options([]);
  fill();

  const element = h("div.bar",
    h("a.brand", { href: "#/sessions" }, h("img", { src: "icon.svg", alt: "", width: 18, height: 18 }), "mockserver"),
    h("nav", { "aria-label": "Sections" }, [...links.values()]),
    h("div.tools",
      createClockPopover({ api, clock, announce, face: [now, pace] }),
      state,
      chooser,
      themes,
      h("button.button.quiet", { type: "button", title: "Keyboard (?)", "aria-label": "Keyboard help", onClick: showHelp }, "?")));

  const whole = h("div", element, createArmed({ api, live, clock }));
  new ResizeObserver(() => document.documentElement.style.setProperty("--header", `${Math.ceil(whole.offsetHeight) + 1}px`)).observe(whole);

  return {
    element: whole,
    mark(section) {
      for (const [name, link] of links) {
        if (name === section) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      const title = SECTIONS.find(([name]) => name === section)?.[1];
      document.title = title ? `${title} \u00b7 mockserver` : "mockserver";
    },
  };
}

/** The namespace of an address of the admin API. */
function namespaceOf(base) {
  const { pathname, hostname } = new URL(base);
  const byPath = /^\/ns\/([^/]+)\//.exec(pathname);
  if (byPath) return decodeURIComponent(byPath[1]);
  return /^([^.]+(?:\..+)?)\.localhost$/.exec(hostname)?.[1] ?? "default";
}

function addressOf(name, base) {
  const url = new URL(base);
  const host = url.host.replace(/^.+\.localhost(?=:|$)/, "localhost");
  return `${url.protocol}//${host}${name === "default" ? "" : `/ns/${encodeURIComponent(name)}`}/__admin/ui/`;
}
