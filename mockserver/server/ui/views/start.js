// How to connect a player: addresses, a QR code, snippets for each platform, and simulated players.

import { copyable, h, renew, replace } from "../dom.js";
import { recordingsCard } from "../recordings.js";
import { platforms } from "../snippets.js";
import { simulator } from "./simulator.js";
/** @import { Api } from "../api.js" */

const TITLES = { loopback: "This machine", lan: "Devices on this network", emulator: "Android emulator on this machine", name: "Wherever this name resolves" };

/**
 * The way in.
 *
 * @param {{ api: Api, [other: string]: any }} given
 */
export function view({ api, live, go, announce }) {
  const addresses = h("div.addresses", row("This machine", api.origin));
  const code = h("img.qr", { alt: "QR code of the address for devices", width: 148, height: 148, src: `${api.base}/qr.svg`, onError: () => figure.remove() });
  const local = h("p.muted", { hidden: true }, "Only this machine can reach the server. Start it with ", h("code", "--host 0.0.0.0"), " to let devices connect.");
  const figure = h("figure.scan", { hidden: true }, code, h("figcaption.muted", "For phones and tablets on this network"));
  const tabs = h("div.tabs", { role: "tablist", "aria-label": "Platforms" });
  const panel = h("div.panel", { role: "tabpanel", id: "platform", tabindex: 0 });
  const players = simulator({ api, live, go, announce });
  let all = platforms(api.origin, null, undefined);
  let chosen = 0;

  const element = h("div.start",
    h("header", h("h1", "Connect a player"),
      h("p.muted", "Point a player at this server instead of Adobe's. Its sessions appear here as it plays.")),
    h("div.columns",
      h("section.card", { "aria-label": "Addresses" }, h("h2", "Address"), h("div.reach", addresses, figure),
        h("p.muted", "Players post to ", h("code", "/api/v1/sessions"), " at this address."), local),
      players.element),
    recordingsCard({ api, go, announce }),
    h("section.card", { "aria-label": "Platforms" }, h("h2", "Point your player here"), tabs, panel));

  function row(title, url) {
    return h("div", h("h3", title), copyable(url, `address, ${title}`));
  }

  function pick(index, focus = false) {
    chosen = (index + all.length) % all.length;
    renew(tabs, all.map(({ name }, n) => h("button", {
      type: "button", role: "tab", "aria-selected": String(n === chosen), "aria-controls": "platform", tabindex: n === chosen ? 0 : -1, onClick: () => pick(n, true) }, name)));
    const { name, title, code: text, notes } = all[chosen];
    panel.setAttribute("aria-label", name);
    renew(panel, h("h3", title), copyable(text, `lines for ${name}`), h("ul.notes", notes.map((note) => h("li", note))));
    if (focus) tabs.children[chosen].focus();
  }

  tabs.addEventListener("keydown", (event) => {
    const to = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(to, true);
  });

  async function load() {
    let reach;
    try {
      reach = await api.get("/addresses");
    } catch {
      return; // the address of this page is shown already
    }
    const known = reach.addresses;
    const of = (kind) => known.find((one) => one.kind === kind)?.url;
    const here = known.find(({ url }) => new URL(url).hostname === location.hostname)?.url ?? of("loopback") ?? api.origin;
    players.reached(here, known.filter(({ kind }) => kind !== "emulator").map(({ url }) => url)); // only inside an emulator does its address mean this machine
    replace(addresses, known.map(({ kind, url }) => row(TITLES[kind] ?? kind, url)));
    figure.hidden = !reach.open_to_others;
    local.hidden = reach.open_to_others;
    all = platforms(here, reach.open_to_others ? reach.best : null, of("emulator"));
    pick(chosen);
  }

  pick(0);
  load();
  return { element, dispose: players.dispose };
}
