// Simulated players from a terminal: `mockserver play`, which plays against any server. Pure: choices in, a text out.

import { shellQuote } from "../copy.js";

const LOOPBACK = /^(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])$/;
const ADDRESS = /^https?:\/\/[^\s\p{Cc}/?#]+(\/[^\s\p{Cc}?#]*)?$/iu;

/** The address of a server in the form in which addresses are compared; null when the text is not one. */
export function serverAddress(text) {
  const trimmed = text.trim();
  if (!ADDRESS.test(trimmed)) return null;
  try {
    return new URL(trimmed).href.replace(/\/+$/, "");
  } catch {
    return null;
  }
}

/** Return whether an address, whatever its path, is known to lead to one of the servers at `known`. */
export function isSameServer(address, known) {
  const { protocol, hostname, port } = new URL(address);
  return known.map((one) => new URL(one)).some((one) =>
    one.protocol === protocol && one.port === port && (one.hostname === hostname || LOOPBACK.test(hostname)));
}

/**
 * The command that plays what the body of `POST /players` asks for, but against the server `to`. With `insecure` it
 * accepts any certificate.
 */
export function playCommand({ content, dialect = null, flaw = null, speed, count = 1, seed = null }, to, insecure = false) {
  const pieces = ["mockserver play", "--to", to, "--content", content];
  if (dialect !== null) pieces.push("--dialect", dialect);
  if (flaw !== null) pieces.push("--flaw", flaw);
  pieces.push("--speed", speed);
  if (count > 1) pieces.push("--concurrent", count);
  if (seed !== null) pieces.push("--seed", seed);
  if (insecure) pieces.push("--insecure");
  const [command, ...words] = pieces;
  return [command, ...words.map(shellQuote)].join(" ");
}
