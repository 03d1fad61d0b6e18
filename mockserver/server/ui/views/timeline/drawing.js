// The picture: rows of spans, marks and pins as SVG, with no more elements than the screen has room for.

import { svg } from "../../dom.js";
import * as format from "../../format.js";
import { clusters } from "./model.js";
import { KINDS } from "./text.js";

const AXIS = 24;
const HEIGHTS = { playback: 24, break: 12, ad: 20, chapter: 16, state: 14, quality: 16, silence: 10 };
const GAP = 6;
const MARK_PX = 5;
const LABEL_PX = 52;
const MOST_LINKS = 400;
const WORST = ["fault", "refused", "event", "ping"];

/** Where the rows of a model lie: `[{name, label, y, height, lane?}]`, and how high all of them are. */
export function layout(model) {
  const rows = [];
  let y = AXIS;
  const add = (name, label, height, more = {}) => {
    rows.push({ name, label, y, height, ...more });
    y += height + GAP;
  };
  if (model.pins.length) add("pins", "Findings", 18);
  for (const lane of model.lanes) add("lane", lane.label, HEIGHTS[lane.name], { lane });
  if (model.playheads.length > 1) add("playhead", "Playhead", 40);
  add("processing", "Player's time", 18);
  if (model.marks.length) {
    rows.push({ name: "links", label: "", y: y - GAP, height: 24 });
    y += 24 - GAP;
    add("arrival", "As it arrived", 14);
  }
  return { rows, height: y };
}

/**
 * Draw a model. `things` maps elements to what they show: `{kind: "span"|"marks"|"pins", ...}`.
 * Returns the elements.
 */
export function draw(model, rows, scale, things, selected) {
  const { width } = scale.window;
  const drawn = [];
  const bottom = rows.at(-1).y + rows.at(-1).height;
  for (const { ms, label } of scale.ticks()) {
    const x = round(scale.x(ms));
    drawn.push(svg("line.tick", { x1: x, x2: x, y1: AXIS - 6, y2: bottom }), x + LABEL_PX < width && svg("text.tick-label", { x: x + 4, y: 13 }, label));
  }
  const known = (element, thing) => {
    things.set(element, thing);
    drawn.push(element);
  };
  for (const row of rows) {
    if (row.name === "lane") spans(row, scale, width, known);
    else if (row.name === "pins") pins(row, model.pins, scale, width, known);
    else if (row.name === "playhead") drawn.push(...playhead(row, model.playheads, scale, width));
    else if (row.name === "processing") marks(row, model.marks, ({ ms }) => scale.x(ms), width, known, selected);
    else if (row.name === "arrival") marks(row, model.marks, ({ arrivedMs }) => scale.x(arrivedMs), width, known, selected);
    else links(row, model.marks, scale, width, drawn);
  }
  return drawn;
}

function spans(row, scale, width, known) {
  let filledTo = -Infinity;
  for (const span of row.lane.spans) {
    const from = Math.max(scale.x(span.from_ms), -2);
    const to = Math.min(scale.x(span.to_ms), width + 2);
    if (to < 0 || from > width) continue;
    if (to - from < 1 && to <= filledTo) continue; // nothing of it would be seen
    const wide = Math.max(to - from, 1.5);
    filledTo = from + wide;
    const open = span.ended_by === null ? "open" : "";
    const group = svg("g.span", { class: `lane-${row.lane.name} kind-${span.kind} ${open}` });
    group.append(svg("rect", { x: round(from), y: row.y, width: round(wide), height: row.height, rx: 2 }));
    if (wide > 34 && row.height >= 14) {
      group.append(svg("text", { x: round(Math.max(from, 0) + 5), y: row.y + row.height / 2 + 4 }, format.shorten(row.lane.name === "playback" ? KINDS[span.kind] ?? span.kind : span.label, Math.floor((wide - 8) / 6.2))));
    }
    known(group, { kind: "span", span, lane: row.lane });
  }
}

function pins(row, all, scale, width, known) {
  for (const { x, items } of clusters(all, ({ ms }) => scale.x(ms), 13, width)) {
    const worst = items.reduce((left, right) => (right.rank < left.rank ? right : left));
    const group = svg("g.pin", { class: worst.severity, transform: `translate(${round(x)} ${row.y})` });
    group.append(svg("path", { d: "M0 18 L-6 8 A7 7 0 1 1 6 8 Z" }));
    if (items.length > 1) group.append(svg("text", { y: 9 }, items.length > 99 ? "+" : items.length));
    known(group, { kind: "pins", items: items.map(({ finding }) => finding) });
  }
}

function marks(row, all, x, width, known, selected) {
  for (const { x: at, items } of clusters(all, x, MARK_PX, width)) {
    const kind = WORST.find((name) => items.some((one) => one.kind === name));
    const tall = Math.min(row.height, 6 + Math.log2(items.length + 1) * 4 + (kind === "ping" ? 0 : 4));
    const chosen = selected && items.includes(selected) ? "chosen" : "";
    const group = svg("g.mark", { class: `kind-${kind} ${chosen}` });
    group.append(svg("rect.target", { x: round(at - 3), y: row.y, width: 6, height: row.height }));
    group.append(svg("rect", { x: round(at - 1.25), y: round(row.y + row.height - tall), width: 2.5, height: round(tall), rx: 1 }));
    known(group, { kind: "marks", items });
  }
}

function links(row, all, scale, width, drawn) {
  const seen = all.filter((one) => inSight(scale.x(one.ms), width) || inSight(scale.x(one.arrivedMs), width));
  const shown = seen.length > MOST_LINKS ? seen.filter((one) => one.moved !== 0).slice(0, MOST_LINKS) : seen;
  for (const one of shown) {
    drawn.push(svg("line.link", {
      class: one.place === null ? "refused" : one.moved === 0 ? "" : "moved",
      x1: round(scale.x(one.ms)), y1: row.y + 1, x2: round(scale.x(one.arrivedMs)), y2: row.y + row.height - 1,
    }));
  }
}

function playhead(row, items, scale, width) {
  const least = items.reduce((lowest, { playhead_s }) => Math.min(lowest, playhead_s), Infinity);
  const most = items.reduce((highest, { playhead_s }) => Math.max(highest, playhead_s), -Infinity);
  const y = (s) => row.y + row.height - 2 - ((s - least) / (most - least || 1)) * (row.height - 4);
  const points = [];
  let before = null;
  for (const { ts_ms, playhead_s } of items) {
    const point = { x: scale.x(ts_ms), y: y(playhead_s) };
    if (before && before.x < 0 && point.x >= 0) points.push(before);
    if (point.x >= 0 && point.x <= width && (!points.length || point.x - points.at(-1).x > 0.7 || Math.abs(point.y - points.at(-1).y) > 3)) points.push(point);
    if (before && before.x <= width && point.x > width) points.push(point);
    before = point;
  }
  const path = points.map((point, n) => `${n ? "L" : "M"}${round(point.x)} ${round(point.y)}`).join("");
  return [
    svg("rect.well", { x: 0, y: row.y, width, height: row.height, rx: 3 }),
    svg("path.curve", { d: path }),
    svg("text.tick-label", { x: 5, y: row.y + 11 }, format.playhead(most)),
  ];
}

function inSight(x, width) {
  return x >= 0 && x <= width;
}

function round(x) {
  return Math.round(x * 10) / 10;
}
