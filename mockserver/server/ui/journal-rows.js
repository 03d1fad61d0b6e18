// The rows of the journal that a list needs: by position if all are shown, by search if some are.
/** @import { Entry } from "./types.d.ts" */

const NEAR = 40;
const MOST = 4000; // rows kept when all are shown; those far from view are read again when needed
const PAGE = 1000;

/**
 * The parts of an entry that a list shows, without the bodies.
 *
 * @param {Entry} entry
 */
export function summary(entry) {
  const event = entry.normal ?? entry.event;
  const around = entry.surroundings;
  const time = event && typeof event === "object" && !Array.isArray(event) ? event.playerTime : null;
  return {
    seq: entry.seq,
    at_ms: entry.at_ms,
    operation: entry.operation,
    session_id: entry.session_id,
    event_type: entry.event_type,
    batch: Array.isArray(event) ? event.length : 0,
    outcome: entry.outcome,
    status: entry.response?.status ?? null,
    playhead_s: typeof time?.playhead === "number" ? time.playhead : null,
    detail: entry.violations[0]?.detail ?? "",
    violations: entry.violations.length,
    faults: entry.fault_ids,
    delivery: entry.delivery,
    method: entry.request.method,
    path: entry.request.path.slice(0, 200),
    name: name(event),
    content: around?.content ?? null,
    player: around?.player ?? null,
    gap_ms: around?.gap_ms ?? null,
    moved_s: around?.moved_s ?? null,
    findings: around?.findings ?? {},
    complete: around !== undefined && around !== null,
  };
}

function name(event) {
  const params = event?.params;
  if (!params || typeof params !== "object") return "";
  const keys = ["media.name", "media.id", "media.ad.name", "media.ad.id", "media.ad.podFriendlyName", "media.chapter.friendlyName", "media.state.name"];
  const key = keys.find((one) => typeof params[one] === "string" && params[one]);
  return key ? params[key].slice(0, 200) : "";
}

/** All entries: row n is entry `first + n`. `read(query)` asks `/events`. */
export function createWhole(read) {
  let first = 1;
  let last = 0;
  let rows = new Map();

  function learn({ events, meta }) {
    for (const entry of events) rows.set(entry.seq, summary(entry));
    first = meta.evicted + 1;
  }

  function thin(from, to) {
    if (rows.size <= MOST) return;
    for (const seq of rows.keys()) if (seq < from - MOST / 4 || seq > to + MOST / 4) rows.delete(seq);
  }

  return {
    get count() {
      return Math.max(0, last - first + 1);
    },
    row: (index) => rows.get(first + index) ?? null,
    key: (index) => first + index,
    /** Read how many there are; returns how many were dropped at the top since the last time. */
    async refresh() {
      const [before, known] = [first, rows];
      const page = await read({ limit: 1, since: 0 }); // its total counts all entries; that of a later page only those after its `since`
      if (rows !== known) return 0; // cleared meanwhile
      learn(page);
      last = page.meta.total ? first + page.meta.total - 1 : 0;
      return first - before;
    },
    /** Read the rows from index `from` to `to` that are not known yet, or not completely. */
    async ensure(from, to, completely = false) {
      const [start, known] = [first + from, rows];
      const missing = [];
      for (let seq = start; seq <= first + to; seq++) if (!rows.has(seq) || (completely && !rows.get(seq).complete)) missing.push(seq);
      if (!missing.length) return false;
      const wanted = missing[missing.length - 1];
      let since = Math.max(0, missing[0] - 1 - NEAR);
      for (const end = Math.min(since + PAGE, wanted + NEAR); since < Math.min(end, wanted); ) {
        const page = await read({ since, limit: end - since, surroundings: true }); // large entries come on several pages
        if (rows !== known) return false; // cleared meanwhile
        learn(page);
        since = page.meta.next === null ? end : page.events[page.events.length - 1].seq;
      }
      thin(start, start + to - from);
      return true;
    },
    /** The index of an entry. */
    place: async (seq) => (seq >= first && seq <= last ? seq - first : -1),
    /** Add entries of the stream. */
    add(entries) {
      for (const entry of entries) {
        if (!rows.has(entry.seq)) rows.set(entry.seq, summary(entry)); // one that was read is more complete
        last = Math.max(last, entry.seq);
      }
      if (rows.size > 2 * MOST) thin(last, last);
    },
    clear() {
      rows = new Map();
      [first, last] = [1, 0];
    },
  };
}

/** The entries that match `filter`: row n is the n-th of them. The server decides what matches. */
export function createMatching(read, filter) {
  let rows = new Map();
  let count = 0;

  return {
    get count() {
      return count;
    },
    row: (index) => rows.get(index) ?? null,
    key: (index) => rows.get(index)?.seq ?? `at${index}`,
    /** Read how many there are. An older entry can get a finding later, so every row may show another entry then. */
    async refresh() {
      const { meta } = await read({ ...filter, limit: 1 });
      if (meta.total !== count && ("q" in filter || "sort" in filter)) rows = new Map();
      count = meta.total;
      return 0;
    },
    /** Read the rows from index `from` to `to` that are not known yet. */
    async ensure(from, to) {
      while (from <= to && rows.has(from)) from++;
      if (from > Math.min(to, count - 1)) return false;
      const skip = Math.max(0, from - NEAR);
      const { events } = await read({ ...filter, skip, limit: to - skip + NEAR, surroundings: true });
      if (rows.size > MOST) rows = new Map();
      events.forEach((entry, n) => rows.set(skip + n, summary(entry)));
      return true;
    },
    /** The index of an entry; -1 if it does not match. */
    async place(seq) {
      if (filter.sort) return [...rows].find(([, row]) => row.seq === seq)?.[0] ?? -1; // as far as they are known
      const { events, meta } = await read({ ...filter, since: seq - 1, limit: 1 });
      return events[0]?.seq === seq ? count - meta.total : -1;
    },
    add() {},
    clear() {
      rows = new Map();
      count = 0;
    },
  };
}
