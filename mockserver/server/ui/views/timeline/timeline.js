// One session over time: zooming, moving, and details under the pointer.

import { h, replace, svg } from "../../dom.js";
import { createScale, offset } from "./scale.js";
import { draw, layout } from "./drawing.js";
import { details, title, worst } from "./text.js";

const ZOOM = 1.5;
const HINT = "Hover or click for details, or step through the requests with the comma and full stop keys.";
const KEYS = "Arrow keys move, plus and minus zoom, 0 shows all, comma and full stop go from request to request, Enter opens one.";

/** A timeline that shows the models given to `update`. */
export function createTimeline({ go, announce }) {
  const scale = createScale();
  const things = new WeakMap();
  const picture = svg("svg.picture", { role: "img", "aria-label": "Timeline" });
  const cursor = h("div.cursor", { hidden: true });
  const tip = h("div.tip", { hidden: true, role: "presentation" });
  const labels = h("div.lane-labels", { "aria-hidden": "true" });
  const canvas = h("div.canvas", picture, cursor, tip);
  const brush = h("div.brush");
  const overview = svg("svg.overview-picture", { "aria-hidden": "true", preserveAspectRatio: "none" });
  const minimap = h("div.overview", { hidden: true }, overview, brush);
  const panel = h("section.detail.card", { "aria-live": "polite", "aria-label": "Selection" },
    h("p.muted", HINT));
  const plot = h("div.plot", { tabindex: 0, role: "group", "aria-label": `Timeline. ${KEYS}` }, labels, canvas);
  const element = h("div.timeline", toolbar(), minimap, plot, panel);
  let model = null;
  let rows = [];
  let selected = null;
  let scheduled = 0;
  let pointers = new Map();
  let dragged = false;
  let asked = false;

  function toolbar() {
    const button = (sign, label, act) => h("button.button", { type: "button", "aria-label": label, title: label, onClick: act }, sign);
    return h("div.toolbar.zoom",
      h("span.legend", { "aria-hidden": "true" }, ["main", "ad", "paused", "buffering", "stalled", "starting"].map((kind) => h("span", h("i", { class: `key-${kind}` }), kind === "main" ? "playing" : kind))),
      h("span.end"),
      button("\u2212", "Zoom out", () => zoom(ZOOM)), button("+", "Zoom in", () => zoom(1 / ZOOM)),
      h("button.button", { type: "button", onClick: () => change(() => scale.fit()) }, "Show all"));
  }

  function change(act) {
    act();
    schedule();
  }

  function zoom(factor, at) {
    change(() => scale.zoom(factor, at));
  }

  function schedule() {
    scheduled ||= requestAnimationFrame(() => {
      scheduled = 0;
      paint();
    });
  }

  function paint() {
    if (!model || !rows.length) return;
    const height = rows.at(-1).y + rows.at(-1).height + 4;
    picture.setAttribute("viewBox", `0 0 ${scale.window.width} ${height}`);
    picture.setAttribute("height", String(height));
    picture.replaceChildren(...draw(model, rows, scale, things, selected));
    const [from, to] = scale.window.share.map((share) => Math.min(1, Math.max(0, share)) * 100);
    brush.style.left = `${from}%`;
    brush.style.width = `${Math.max(to - from, 0.5)}%`;
    minimap.hidden = scale.window.fitted;
  }

  function paintOverview() {
    const lane = model.lanes.find(({ name }) => name === "playback");
    const whole = model.to - model.from || 1;
    overview.setAttribute("viewBox", "0 0 1000 10");
    overview.replaceChildren(...(lane?.spans ?? []).slice(0, 3000).map((span) =>
      svg("rect", { class: `kind-${span.kind}`, x: ((span.from_ms - model.from) / whole) * 1000, y: 0, height: 10, width: Math.max(0.6, ((span.to_ms - span.from_ms) / whole) * 1000) })));
  }

  function paintLabels() {
    replace(labels, rows.filter(({ label }) => label).map((row) =>
      h("div.lane-label", { style: { top: `${row.y}px`, height: `${row.height}px` }, title: row.label }, h("bdi", row.label))));
  }

  // Pointing

  function xOf(event) {
    return event.clientX - canvas.getBoundingClientRect().left;
  }

  function thingAt(target) {
    for (let at = target; at && at !== canvas; at = at.parentNode) if (things.has(at)) return things.get(at);
    return null;
  }

  function hover(event) {
    if (!model) return;
    const x = xOf(event);
    const thing = thingAt(event.target);
    cursor.hidden = false;
    cursor.style.transform = `translateX(${x}px)`;
    tip.hidden = false;
    replace(tip, h("span.number", offset(scale.ms(x) - scale.first, 100)), thing ? h("span", h("bdi", title(thing, scale.first))) : null);
    const width = tip.offsetWidth;
    tip.style.transform = `translate(${Math.max(0, Math.min(x + 12, scale.window.width - width))}px, ${event.clientY - canvas.getBoundingClientRect().top + 16}px)`;
  }

  function leave() {
    cursor.hidden = true;
    tip.hidden = true;
  }

  function select(thing) {
    asked = true;
    selected = thing.kind === "marks" ? thing.items[0] : null;
    replace(panel, details(thing, scale.first));
    schedule();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    pointers.set(event.pointerId, xOf(event));
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return hover(event);
    const { from, to, width } = scale.window;
    const x = xOf(event);
    const before = pointers.get(event.pointerId);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const [was, is] = [Math.abs(before - other), Math.abs(x - other)];
      if (was > 10 && is > 10) scale.zoom(was / is, scale.ms((x + other) / 2));
    } else {
      if (!dragged && Math.abs(x - before) < 4) return undefined;
      scale.pan(((before - x) / width) * (to - from));
    }
    if (!dragged) canvas.setPointerCapture(event.pointerId);
    dragged = true;
    pointers.set(event.pointerId, x);
    leave();
    return schedule();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      const thing = name === "pointerup" && !dragged && pointers.has(event.pointerId) ? thingAt(event.target) : null;
      pointers.delete(event.pointerId);
      if (thing) select(thing);
    });
  }
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("dblclick", (event) => {
    const thing = thingAt(event.target);
    if (thing?.kind === "span") change(() => scale.show(thing.span.from_ms, thing.span.to_ms));
    else zoom(1 / (ZOOM * ZOOM), scale.ms(xOf(event)));
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return; // the page scrolls
    event.preventDefault();
    const { from, to, width } = scale.window;
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY * 0.003), scale.ms(xOf(event)));
    else change(() => scale.pan((event.deltaX / width) * (to - from)));
  }, { passive: false });
  minimap.addEventListener("pointerdown", (event) => minimap.setPointerCapture(event.pointerId));
  for (const name of ["pointerdown", "pointermove"]) {
    minimap.addEventListener(name, (event) => {
      if (!event.buttons || !model) return;
      const box = minimap.getBoundingClientRect();
      const { from, to } = scale.window;
      const middle = model.from + ((event.clientX - box.left) / box.width) * (model.to - model.from);
      change(() => scale.pan(middle - (from + to) / 2));
    });
  }

  // Keys

  function walk(step) {
    if (!model?.marks.length) return;
    const at = selected ? selected.n + step : step > 0 ? 0 : model.marks.length - 1;
    const mark = model.marks[Math.min(Math.max(at, 0), model.marks.length - 1)];
    const thing = { kind: "marks", items: [mark] };
    scale.reveal(mark.ms);
    select(thing);
    announce(`Request ${mark.seq}: ${title(thing, scale.first)}`);
  }

  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== plot) return;
    const { from, to } = scale.window;
    const acts = {
      ArrowLeft: () => change(() => scale.pan((from - to) / 8)),
      ArrowRight: () => change(() => scale.pan((to - from) / 8)),
      "+": () => zoom(1 / ZOOM), "=": () => zoom(1 / ZOOM), "-": () => zoom(ZOOM),
      0: () => change(() => scale.fit()),
      ",": () => walk(-1), ".": () => walk(1),
      Enter: () => selected && go(`#/events/${selected.seq}`),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  });

  const observer = new ResizeObserver(() => {
    if (canvas.clientWidth === scale.window.width) return;
    scale.resize(canvas.clientWidth);
    schedule();
  });
  observer.observe(canvas);

  return {
    element,
    /** Show a model; what is in sight stays in sight. */
    update(next) {
      model = next;
      const seq = selected?.seq;
      selected = seq === undefined ? null : model.marks.find((mark) => mark.seq === seq && mark.index === selected.index) ?? null;
      const plan = layout(model);
      rows = plan.rows;
      scale.extend(model.from, model.to);
      scale.resize(canvas.clientWidth);
      picture.setAttribute("aria-label", `Timeline of ${model.marks.length} requests in ${offset(model.to - model.from)}`);
      if (!asked && model.pins.length) replace(panel, worst(model.pins));
      paintLabels();
      paintOverview();
      paint();
    },
    /** Bring a request into sight and select it. */
    reveal(seq) {
      const mark = model?.marks.find((one) => one.seq === seq);
      if (!mark) return;
      scale.show(mark.ms, mark.ms);
      select({ kind: "marks", items: [mark] });
    },
    dispose() {
      observer.disconnect();
      cancelAnimationFrame(scheduled);
      pointers = new Map();
    },
  };
}
