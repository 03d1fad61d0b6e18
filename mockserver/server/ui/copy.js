// Requests as curl, JSON and pytest to copy. Pure functions. Whatever a request contains, the texts stay valid:
/** @import { Entry } from "./types.d.ts" */
// quotes, newlines and control characters are data in them, never syntax.

import { EVENT_TYPES } from "./words.js";

const OWN_HEADERS = new Set(["host", "content-length", "connection", "transfer-encoding", "expect", "keep-alive"]);
const MASKED = new Set(["authorization", "cookie"]);
const LONG = 30000; // a single argument of a command may have 128 KiB on Linux
const BARE = /^[A-Za-z0-9_/:.,=@%+-]+$/;

/** A word of a POSIX shell. NUL cannot be in one and is left out. */
export function shellQuote(text) {
  const whole = String(text).replaceAll("\0", "");
  return BARE.test(whole) ? whole : `'${whole.replaceAll("'", "'\\''")}'`;
}

/** A string of Python. */
export function pythonQuote(text) {
  return JSON.stringify(String(text)).replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The start of a curl command for `server`: over TLS it accepts any certificate, since curl rarely trusts that of this server. */
export function curlTo(server) {
  return /^https:/i.test(server) ? "curl --insecure" : "curl";
}

/**
 * The command that sends the request again to `server`, scheme, host and port.
 *
 * @param {Entry} entry
 */
export function toCurl(entry, server) {
  const { method, path, headers, body, body_encoding } = entry.request;
  const pieces = [`${curlTo(server)} -i`];
  if (method === "HEAD") pieces.push("--head");
  else if (!(method === "POST" && body)) pieces.push(`-X ${shellQuote(method)}`);
  if (!path.startsWith("/")) pieces.push(`--request-target ${shellQuote(path)}`);
  else if (/\/\.{1,2}(\/|$|\?)/.test(path)) pieces.push("--path-as-is");
  if (/[[\]{}]/.test(path)) pieces.push("--globoff");
  pieces.push(shellQuote(server + (path.startsWith("/") ? path : "/")));
  const sent = headers.filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()) && !MASKED.has(name.toLowerCase()));
  if (body && !headers.some(([name]) => name.toLowerCase() === "content-type")) pieces.push("-H 'Content-Type:'");
  for (const [name, value] of sent) pieces.push(`-H ${shellQuote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  if (!body) return lines(pieces);
  if (body_encoding === "base64") return `printf %s ${shellQuote(body)} | base64 -d | ${lines([...pieces, "--data-binary @-"])}`;
  if (body.length > LONG) return `printf %s ${shellQuote(body)} | ${lines([...pieces, "--data-binary @-"])}`;
  return lines([...pieces, `--data-raw ${shellQuote(body)}`]);
}

/**
 * The call of JavaScript that sends the request again to `server`; a browser adds its own header fields.
 *
 * @param {Entry} entry
 */
export function toFetch(entry, server) {
  const { method, path, headers, body, body_encoding } = entry.request;
  const sent = headers.filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()) && !MASKED.has(name.toLowerCase()));
  const text = JSON.stringify(body);
  const lines = [
    `  method: ${JSON.stringify(method)},`,
    sent.length && `  headers: ${JSON.stringify(sent)},`,
    body && `  body: ${body_encoding === "base64" ? `Uint8Array.from(atob(${text}), (one) => one.charCodeAt(0))` : text},`,
  ];
  return [`await fetch(${JSON.stringify(server + (path.startsWith("/") ? path : "/"))}, {`, ...lines.filter(Boolean), "});"].join("\n");
}

/**
 * The entry as in the admin API.
 *
 * @param {Entry} entry
 */
export function toJson(entry) {
  return JSON.stringify(entry, null, 2);
}

/**
 * A test that waits for such a request and checks its outcome.
 *
 * @param {Entry} entry
 */
export function toPytest(entry) {
  const facts = [];
  const where = conditions(entry.event);
  if (EVENT_TYPES.includes(entry.event_type)) facts.push(`event_type=${pythonQuote(entry.event_type)}`);
  else if (entry.event_type !== null) where.unshift(`/eventType=${JSON.stringify(entry.event_type)}`);
  else facts.push(`operation=${pythonQuote(entry.operation)}`);
  if (where.length) facts.push(`where=[${where.map(pythonQuote).join(", ")}]`);
  const status = entry.response?.status;
  const verdict = status ? [...facts, `status=${status}`] : facts;
  const told = entry.violations.slice(0, 5).map(({ path, detail }) => `    # ${oneLine(path)}: ${oneLine(detail)}`);
  return [
    `def test_the_player_sends_${snake(entry.event_type ?? entry.operation)}(media_server):`,
    "    ...  # let the player report to media_server.url",
    "",
    ...told,
    `    media_server.wait_for(${facts.join(", ")}, timeout_s=30)`,
    `    media_server.verify(${verdict.join(", ")})`,
    "",
  ].join("\n");
}

/** What identifies an event in its body, as conditions of a query. */
function conditions(event) {
  const params = event?.params;
  if (!params || typeof params !== "object" || Array.isArray(params)) return [];
  const keys = ["media.id", "media.ad.id", "media.ad.podPosition", "media.ad.podIndex", "media.chapter.index", "media.state.name"];
  return keys
    .filter((key) => Object.hasOwn(params, key) && ["string", "number"].includes(typeof params[key]) && String(params[key]).length < 1000)
    .map((key) => `/params/${key}=${plain(params[key])}`);
}

function plain(value) {
  const isWord = typeof value === "string" && /^[A-Za-z][\w .-]*$/.test(value) && !/^(true|false|null|NaN|Infinity)$/.test(value);
  return isWord && value.trim() === value ? value : JSON.stringify(value);
}

function oneLine(text) {
  return String(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 300);
}

function snake(text) {
  return String(text).replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().replace(/[^a-z0-9]+/g, "_").slice(0, 60);
}

function lines(pieces) {
  return pieces.join(" \\\n  ");
}
