// The model of a timeline: spans, marks and pins, made from the answers of the server about a session.

const OK = new Set(["opened", "accepted"]);
const RANK = { error: 0, warning: 1, info: 2 };

/**
 * Put lanes, both orders and findings of a session together.
 *
 * Marks are the events in order of arrival: `ms` is the player's `ts`, `arrivedMs` when it arrived, both on the time of
 * the player: the smallest distance between them counts as the difference of the two clocks.
 */
export function createModel(lanes, timeline, findings) {
  const skewMs = skew(timeline.arrival);
  const places = new Map(timeline.processing.map((item, n) => [id(item), n]));
  const notes = bySeq(findings);
  const marks = timeline.arrival.map((item, n) => mark(item, n, skewMs, places, notes));
  moved(marks);
  const instants = marks.flatMap(({ ms, arrivedMs }) => [ms, arrivedMs]);
  const from = Math.min(lanes.from_ms ?? Infinity, ...chunked(instants, Math.min));
  const to = Math.max(lanes.to_ms ?? -Infinity, ...chunked(instants, Math.max));
  return {
    from: Number.isFinite(from) ? from : 0,
    to: Number.isFinite(to) ? to : 1000,
    lanes: lanes.lanes,
    marks,
    pins: pins(findings, marks),
    playheads: timeline.processing.filter(({ ts_ms, playhead_s }) => ts_ms !== null && playhead_s !== null),
    moved: marks.filter((one) => one.moved !== 0).length,
    complete: lanes.journal_complete,
  };
}

function mark(item, n, skewMs, places, notes) {
  const arrivedMs = item.index === null ? item.at_ms - skewMs : item.ts_ms ?? item.at_ms - skewMs;
  return {
    ...item,
    n,
    ms: item.ts_ms ?? arrivedMs,
    arrivedMs,
    place: places.get(id(item)) ?? null,
    moved: 0,
    findings: notes.get(item.seq) ?? [],
    kind: item.fault_ids.length ? "fault" : OK.has(item.outcome) ? (item.event_type === "ping" ? "ping" : "event") : "refused",
  };
}

/** By how many places the back end moved each accepted event against the order of arrival. */
function moved(marks) {
  const accepted = marks.filter(({ place }) => place !== null);
  accepted.forEach((one, n) => {
    one.moved = one.place - n;
  });
}

function skew(items) {
  let least = Infinity;
  for (const { at_ms, ts_ms, index } of items) if (ts_ms !== null && index === null) least = Math.min(least, at_ms - ts_ms);
  return Number.isFinite(least) ? least : 0;
}

function bySeq(findings) {
  const found = new Map();
  for (const finding of findings) for (const seq of finding.seqs) found.set(seq, [...(found.get(seq) ?? []), finding]);
  return found;
}

/** Findings where they happened: at the last request concerned that is still there. */
function pins(findings, marks) {
  const known = new Map(marks.map((one) => [one.seq, one]));
  return findings
    .map((finding) => ({ finding, at: [...finding.seqs].reverse().map((seq) => known.get(seq)).find(Boolean) }))
    .filter(({ at }) => at)
    .map(({ finding, at }) => ({ finding, ms: at.ms, severity: finding.severity, rank: RANK[finding.severity] ?? 3 }))
    .sort((left, right) => left.ms - right.ms || left.rank - right.rank);
}

function id({ seq, index }) {
  return index === null ? String(seq) : `${seq}/${index}`;
}

/** Math.min and Math.max take only so many arguments. */
function chunked(values, reduce) {
  const found = [];
  for (let n = 0; n < values.length; n += 10000) found.push(reduce(...values.slice(n, n + 10000)));
  return found;
}

/** Join things that are less than `px` apart: `[{x, items}]`, in order. `things` come in any order. */
export function clusters(things, x, px, width) {
  const seen = things.map((thing) => ({ thing, at: x(thing) })).filter(({ at }) => at > -px && at < width + px);
  seen.sort((left, right) => left.at - right.at);
  const groups = [];
  for (const { thing, at } of seen) {
    const last = groups.at(-1);
    if (last && at - last.x < px) last.items.push(thing);
    else groups.push({ x: at, items: [thing] });
  }
  return groups;
}
