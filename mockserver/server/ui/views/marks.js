// Badges for sessions and requests, shared by several views.

import { h } from "../dom.js";

const PHASE_TONES = { open: "ok", completed: "info", closed: "", forgotten: "" };
const PLAIN_OUTCOMES = new Set(["accepted", "opened", "answered"]);

/** How close a deadline must be to count as near. */
export const SOON_MS = 60000;

/** The phase of a session. */
export function phaseBadge(phase) {
  return h("span.badge", { class: PHASE_TONES[phase] ?? "" }, phase);
}

/** The outcome of a request; null for the usual ones. */
export function outcomeBadge(outcome) {
  return PLAIN_OUTCOMES.has(outcome) ? null : h("span.badge.warning", outcome.replaceAll("_", " "));
}

/** The fault rules that struck a request; null when none did. */
export function faultsBadge(ids) {
  return ids.length ? h("span.badge.error", { title: ids.join(", ") }, ids.length === 1 ? "fault" : `${ids.length} faults`) : null;
}

/**
 * The address of one finding: its session and code, and its first request if it is known.
 *
 * @param {{ session_id: string, code: string, seqs: readonly number[] }} finding
 */
export function findingAddress({ session_id, code, seqs }) {
  return `#/sessions/${encodeURIComponent(session_id)}/findings?at=${encodeURIComponent(seqs.length ? `${code}@${seqs[0]}` : code)}`;
}
