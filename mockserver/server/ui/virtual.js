// A list of any length of which only the rows in sight are elements.

import { h, renew } from "./dom.js";

const EXTRA = 6; // rows above and below those in sight

/**
 * Make a list that can be navigated with the keyboard.
 *
 * `columns`: titles, or `{title, sort}` of those that can be sorted by; `sort` is the order of the first press, such as
 * "-events" for the most first, and `sorted(order)` is called with it. `label`: what the list is. `render(index)` gives
 * the cells of a row, or null while it is not known, `key(index)` its identity. `open(index)` is called on Enter and on a
 * click, `onWindow(first, last)` when other rows come into view. The height of a row is the custom property --row.
 */
export function createVirtual({ label, columns, render, key, rowClass, open, onWindow = undefined, onScroll = undefined, order = "", sorted = undefined }) {
  const rows = h("div.rows", { role: "rowgroup" });
  const head = h("div.row.head", { role: "row", "aria-rowindex": 1 }, columns.map(columnHead));
  const element = h("div.virtual", { role: "grid", tabindex: 0, "aria-label": label, "aria-colcount": columns.length },
    h("div", { role: "rowgroup", class: "heads" }, head), rows);
  const prefix = `row${Math.random().toString(36).slice(2, 8)}-`;
  const drawn = new Map();
  let count = 0;
  let selected = null;
  let height = 40;
  let windowed = "";
  let scheduled = 0;

  function columnHead(column) {
    if (!column.sort) return h("div", { role: "columnheader" }, column);
    const button = h("button.sort", { type: "button", onClick: () => sort(order === column.sort ? opposite(order) : column.sort) }, column.title);
    return h("div", { role: "columnheader", dataset: { sort: column.sort } }, button);
  }

  function sort(by) {
    order = by;
    mark();
    sorted(order);
  }

  function mark() {
    for (const cell of head.querySelectorAll("[data-sort]")) {
      const is = [cell.dataset.sort, opposite(cell.dataset.sort)].includes(order);
      if (is) cell.setAttribute("aria-sort", order.startsWith("-") ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  }

  function measure() {
    height = parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 40;
    draw();
  }

  function range() {
    const top = Math.max(0, element.scrollTop - head.offsetHeight);
    const first = Math.max(0, Math.min(count, Math.floor(top / height)) - EXTRA);
    return [first, Math.min(count, first + Math.ceil(element.clientHeight / height) + 2 * EXTRA)];
  }

  function draw() {
    scheduled = 0;
    rows.style.height = `${count * height}px`;
    element.setAttribute("aria-rowcount", String(count + 1));
    const [first, end] = range();
    const wanted = new Map();
    for (let index = first; index < end; index++) wanted.set(key(index), index);
    for (const [id, row] of drawn) {
      if (wanted.has(id)) continue;
      row.element.remove();
      drawn.delete(id);
    }
    for (const [id, index] of wanted) place(id, index);
    const active = selected === null ? undefined : drawn.get(selected);
    if (active) element.setAttribute("aria-activedescendant", active.element.id);
    else element.removeAttribute("aria-activedescendant");
    const seen = `${first}-${end}`;
    if (seen !== windowed && end > first) onWindow?.(first, end - 1);
    windowed = seen;
  }

  function place(id, index) {
    let row = drawn.get(id);
    if (!row) {
      row = { element: h("div.row", { role: "row", id: `${prefix}${id}` }), index };
      row.element.addEventListener("click", (event) => clicked(event, row));
      drawn.set(id, row);
      rows.append(row.element);
      fill(row.element, index);
    }
    row.index = index;
    row.element.style.transform = `translateY(${index * height}px)`;
    row.element.setAttribute("aria-rowindex", String(index + 2));
    row.element.setAttribute("aria-selected", String(id === selected));
  }

  function fill(target, index) {
    const cells = render(index);
    target.className = `row ${(cells && rowClass?.(index)) ?? ""} ${cells ? "" : "pending"}`;
    renew(target, (cells ?? ["\u2026"]).map((cell) => h("div", { role: "gridcell" }, cell)));
  }

  function clicked(event, row) {
    if (event.target.closest("a, button") || event.ctrlKey || event.metaKey || String(getSelection())) return;
    select(row.index);
    open(row.index);
  }

  function select(index) {
    if (!count) return;
    const to = Math.max(0, Math.min(count - 1, index));
    selected = key(to);
    const top = to * height;
    const room = element.clientHeight - head.offsetHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + room) element.scrollTop = top + height - room;
    draw();
  }

  function at() {
    if (selected === null) return -1;
    const row = drawn.get(selected);
    if (row) return row.index;
    return Math.max(0, Math.round(element.scrollTop / height) - 1);
  }

  element.addEventListener("keydown", (event) => {
    if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const screen = Math.max(1, Math.floor(element.clientHeight / height) - 2);
    const moves = { ArrowDown: at() + 1, ArrowUp: at() - 1, PageDown: at() + screen, PageUp: at() - screen, Home: 0, End: count - 1 };
    if (event.key in moves) select(moves[event.key]);
    else if (event.key === "Enter" && at() >= 0) open(at());
    else return;
    event.preventDefault();
  });
  element.addEventListener("scroll", () => {
    onScroll?.();
    scheduled ||= requestAnimationFrame(draw);
  }, { passive: true });
  for (const type of ["click", "keydown"]) {
    // Whoever comes back finds the list where it was left; links in rows lead away as well.
    element.addEventListener(type, (event) => {
      if (type === "click" || event.key === "Enter") history.replaceState({ top: element.scrollTop, selected }, "");
    }, { capture: true });
  }
  mark();
  const observer = new ResizeObserver(() => measure());

  return {
    element,
    /** Start, once the element is on the page. */
    start: () => observer.observe(element),
    stop: () => {
      observer.disconnect();
      cancelAnimationFrame(scheduled);
    },
    /** There are `n` rows now; `above` of them are new above the visible rows, which must not move. */
    resize(n, above = 0) {
      count = n;
      rows.style.height = `${count * height}px`;
      if (above && element.scrollTop > head.offsetHeight) element.scrollTop += above * height;
      draw();
    },
    /** Redraw rows: all visible ones, or those for which `changed(index)` is true. */
    refresh(changed = (index) => true) {
      draw();
      for (const row of drawn.values()) if (changed(row.index)) fill(row.element, row.index);
    },
    /** Call `each(element, index)` with every row that is drawn. */
    forEach(each) {
      for (const row of drawn.values()) each(row.element, row.index);
    },
    select,
    /** Go back to where the list was left, once there are enough rows. */
    restore({ top, selected: key }) {
      selected = key;
      element.scrollTop = top;
      draw();
    },
    /** How many rows a place needs. */
    rowsFor: (top) => Math.ceil((top + element.clientHeight) / height),
    toEnd() {
      element.scrollTop = element.scrollHeight;
    },
    get atEnd() {
      return element.scrollTop + element.clientHeight >= element.scrollHeight - height;
    },
    /** Indices of the first and the last row in sight. */
    get window() {
      const [first, end] = range();
      return [first, end - 1];
    },
  };
}

function opposite(order) {
  return order.startsWith("-") ? order.slice(1) : `-${order}`;
}
