// Formats numbers, times and words.

const COUNT = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" });
const MAX_DATE_MS = 8.64e15; // beyond it there are no dates

/** 1234567 as "1,234,567". */
export function count(n) {
  return Number.isFinite(n) ? COUNT.format(n) : "";
}

/** A duration: "850 ms", "4.2 s", "2 min 05 s", "3 h 10 min", "2 d 4 h"; "" if it is not a number. */
export function duration(ms) {
  if (!Number.isFinite(ms)) return "";
  const sign = ms < 0 ? "\u2212" : "";
  const all = Math.abs(ms);
  if (all < 1000) return `${sign}${Math.round(all)} ms`;
  const s = all / 1000;
  if (s < 59.5) return `${sign}${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 1440) return `${sign}${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${sign}${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** A countdown that does not change its width every second: "9:58", "1:04:09"; never below zero. */
export function countdown(ms) {
  if (!Number.isFinite(ms)) return "";
  const s = Math.max(0, Math.ceil(ms / 1000));
  if (s >= 86400) return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** The time of day of a clock in this time zone, to the millisecond: "14:03:07.250". */
export function clock(ms) {
  if (!isDate(ms)) return "";
  return `${TIME.format(new Date(ms))}.${String(((Math.floor(ms) % 1000) + 1000) % 1000).padStart(3, "0")}`;
}

/** The time of day without milliseconds. */
export function clockSeconds(ms) {
  return isDate(ms) ? TIME.format(new Date(ms)) : "";
}

/** "Sat, 21 Nov 2026". */
export function date(ms) {
  return isDate(ms) ? DATE.format(new Date(ms)) : "";
}

/** The time zone in which times are shown: "GMT+2". */
export function zone(ms) {
  return isDate(ms) ? ZONE.formatToParts(new Date(ms)).find(({ type }) => type === "timeZoneName").value : "";
}

/** The full instant in UTC, for tool tips: "2026-11-21T12:57:04.123Z". */
export function instant(ms) {
  return isDate(ms) ? new Date(ms).toISOString() : String(ms);
}

/** How long ago, of elapsed milliseconds: "now", "5 s ago", "3 min 10 s ago". */
export function ago(ms) {
  return ms < 1000 ? "now" : `${duration(ms)} ago`;
}

/** "512 B", "1.5 kB", "2.0 MB". */
export function bytes(n) {
  if (!Number.isFinite(n)) return "";
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** Seconds of a playhead: "12.5 s". */
export function playhead(s) {
  if (!Number.isFinite(s)) return "";
  return `${Math.round(s * 100) / 100} s`;
}

/** A difference with its sign: "+10 s", "\u22122.5 s". */
export function signed(s) {
  return `${s < 0 ? "\u2212" : "+"}${playhead(Math.abs(s))}`;
}

/** "3 errors", "1 warning". */
export function severityLabel(severity, n = 1) {
  const word = { error: "error", warning: "warning", info: "note" }[severity] ?? severity;
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** How and why a session closed: "timed out (idle 10 min)". */
export function closing({ closed_by: by, closed_ms: at, last_event_ms: last, opened_ms: opened }) {
  return {
    session_end: "ended (sessionEnd)",
    idle: `timed out (idle ${about(at - last)})`,
    stall: "timed out (playhead still)",
    max_age: `too old (${about(at - opened)})`,
    expired: "expired by hand",
    complete: "ended (sessionComplete)",
  }[by] ?? by ?? "";
}

/** A duration in its largest unit: "10 min", "24 h". */
function about(ms) {
  const minutes = Math.floor(ms / 60000);
  return minutes < 1 ? duration(ms) : minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

/** The tone of a status: "ok", "warning" or "error"; "muted" without an answer. */
export function statusTone(status) {
  if (!status) return "muted";
  return status >= 500 ? "error" : status >= 400 ? "warning" : "ok";
}

/** A long text, cut with an ellipsis. */
export function shorten(text, most) {
  const whole = String(text);
  return whole.length <= most ? whole : `${whole.slice(0, most - 1)}\u2026`;
}

function two(n) {
  return String(n).padStart(2, "0");
}

function isDate(ms) {
  return Number.isFinite(ms) && Math.abs(ms) <= MAX_DATE_MS;
}

const APIS = { collection: "Media Collection API", edge: "Media Edge API" };

/** The name of an API that a session belongs to. */
export function apiName(dialect) {
  return APIS[dialect] ?? dialect;
}
