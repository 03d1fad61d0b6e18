// The request of a control as a curl command and as Python for a test. Pure functions.

import { curlTo, pythonQuote, shellQuote } from "../copy.js";

const HOUR_MS = 3600000;
/** @type {[string, number][]} */
const UNITS = [["hours", HOUR_MS], ["minutes", 60000], ["seconds", 1000], ["ms", 1]];
const NAME = /^[A-Za-z_]\w*$/;
const KEYWORDS = new Set(["None", "True", "False", "and", "as", "class", "def", "for", "from", "global", "if", "in", "is", "lambda", "not", "or", "pass", "return", "with", "yield"]);

// Method, path and the Python call; a request without its own method goes through the table of routes.
/** @type {[string, RegExp, (parts: string[], body: any) => string][]} */
const CALLS = [
  ["POST", /^\/faults$/, (_, { fault, ...members }) => `server.faults.add(${[pythonValue(fault), ...keywords(members)].join(", ")})`],
  ["DELETE", /^\/faults$/, () => "server.faults.clear()"],
  ["PUT", /^\/faults\/([^/]+)$/, ([id], body) => byRoute("PUT_FAULT", { fault_id: id }, body)],
  ["DELETE", /^\/faults\/([^/]+)$/, ([id]) => byRoute("DELETE_FAULT", { fault_id: id })],
  ["POST", /^\/clock$/, (_, body) => clockCall(body)],
  ["POST", /^\/sessions\/([^/]+)\/(expire|forget)$/, ([sid, what]) => `server.${what}(${pythonValue(sid)})`],
  ["PATCH", /^\/settings$/, (_, body) => `server.configure(${keywords(body).join(", ")})`],
  ["POST", /^\/reset$/, (_, body) => `server.reset(${(body?.only ?? []).map(pythonValue).join(", ")})`],
  ["POST", /^\/stories\/([^/]+)\/start$/, ([name]) => `server.stories.start(${pythonValue(name)})`],
  ["POST", /^\/stories\/([^/]+)\/stop$/, ([name]) => byRoute("STOP_STORY", { name })],
  ["DELETE", /^\/namespaces\/([^/]+)$/, ([name]) => byRoute("DELETE_NAMESPACE", { name })],
  ["POST", /^\/players$/, (_, body) => `server.players.start(${keywords(body).join(", ")})`],
  ["DELETE", /^\/players$/, () => "server.players.clear()"],
  ["DELETE", /^\/players\/([^/]+)$/, ([id]) => `server.players.stop(${pythonValue(id)})`],
];

/** The command that sends a request to the admin API at `base`. With `token` it sends the token from the environment. */
export function toCurl({ method, path, body }, base, token = false) {
  const pieces = [curlTo(base)];
  if (method !== "POST" || body === undefined) pieces.push(`-X ${method}`);
  if (/[[\]{}]/.test(base + path)) pieces.push("--globoff");
  pieces.push(shellQuote(base + path));
  if (token) pieces.push('-H "Authorization: Bearer $MOCKSERVER_ADMIN_TOKEN"');
  if (body !== undefined) pieces.push("-H 'Content-Type: application/json'", `--data-raw ${shellQuote(JSON.stringify(body))}`);
  return pieces.join(" ");
}

/** The Python that does the same with `server`, a MediaServer. */
export function toPython({ method, path, body }) {
  for (const [itsMethod, pattern, call] of CALLS) {
    const match = itsMethod === method ? pattern.exec(path) : null;
    if (match) return call(match.slice(1).map(decodeURIComponent), body);
  }
  throw new Error(`there is no Python for ${method} ${path}`);
}

/** A value of JSON as a Python literal. */
export function pythonValue(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return pythonQuote(value);
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  return `{${Object.entries(value).map(([key, one]) => `${pythonQuote(key)}: ${pythonValue(one)}`).join(", ")}}`;
}

function keywords(members) {
  const entries = Object.entries(members);
  const plain = entries.filter(([key]) => isName(key)).map(([key, value]) => `${key}=${pythonValue(value)}`);
  const others = entries.filter(([key]) => !isName(key));
  return others.length ? [...plain, `**${pythonValue(Object.fromEntries(others))}`] : plain;
}

function isName(key) {
  return NAME.test(key) && !KEYWORDS.has(key);
}

function clockCall({ action, ms, at_ms, rate }) {
  if (action === "advance") {
    const [unit, size] = UNITS.find(([, one]) => ms % one === 0) ?? ["ms", 1];
    return `server.clock.advance(${unit}=${ms / size})`;
  }
  const given = { set: at_ms, rate }[action];
  return `server.clock.${action}(${given === undefined ? "" : pythonValue(given)})`;
}

function byRoute(route, parts, body) {
  const argument = body === undefined ? "None" : `msgspec.convert(${pythonValue(body)}, control.${route}.argument)`;
  return [
    ...(body === undefined ? [] : ["import msgspec"]),
    "from mockserver import control",
    `server.control.call(${[`control.${route}`, argument, ...keywords(parts)].join(", ")})`,
  ].join("\n");
}
