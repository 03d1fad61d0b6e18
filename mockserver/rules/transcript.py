"""Write what was received as text, for failing tests: one block per session, one line per request."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.model.journal import Entry
from mockserver.model.results import SessionView
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.diagnose.wording import counted

__all__ = ["printable", "session_line", "short_sid", "transcript"]

_HEAD = 20
_TAIL = 40
_SHORT_SID = 8
_LONGEST_WORD = 60
_LONGEST_NOTE = 300


def transcript(entries: Sequence[Entry], sessions: Sequence[SessionView], *, evicted: int = 0, older: int = 0) -> str:
    """Write what a server received.

    Of a long session, only the first 20 and the last 40 requests are shown. A request is always one line of printable
    text, whatever the client sent.

    Args:
        entries: The journal, in order. Times are seconds since the session opened; without a session, since the first
            entry.
        sessions: The sessions, in order of opening.
        evicted: How many older entries were dropped.
        older: How many entries after those are left out.
    """
    lines = [f"({evicted} older requests were dropped to stay within the limits)"] if evicted else []
    lines += [f"({older} older requests are not shown)"] if older else []
    by_session: dict[str | None, list[Entry]] = {}
    for entry in entries:
        by_session.setdefault(entry.session_id, []).append(entry)
    for session in sessions:
        lines += _session_lines(session, by_session.pop(session.session_id, []))
    loose = sorted((entry for group in by_session.values() for entry in group), key=lambda entry: entry.seq)
    if loose:
        lines.append("without a session:")
        lines += _shortened([_line(entry, entries[0].at_ms) for entry in loose])
    return "\n".join(lines) if lines else "nothing was received"


def _session_lines(session: SessionView, entries: Sequence[Entry]) -> list[str]:
    return [session_line(session), *_shortened([_line(entry, session.opened_ms) for entry in entries])]


def session_line(session: SessionView) -> str:
    """Write a session in one line."""
    content = printable(session.content.media_id or "no media.id", _LONGEST_WORD)
    state = session.phase.value if session.closed_by is None else f"{session.phase.value} by {session.closed_by.value}"
    accepted = f"{counted(session.events, 'event')} accepted"
    return f"session {short_sid(session.session_id)} {content}: {state}, {accepted}"


def short_sid(sid: str) -> str:
    """Return the first characters of a session id, enough to distinguish it."""
    return printable(sid, _SHORT_SID if len(sid) > 2 * _SHORT_SID else 2 * _SHORT_SID)


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= _HEAD + _TAIL + 1:
        return lines
    left_out = len(lines) - _HEAD - _TAIL
    return [*lines[:_HEAD], f"  ... {left_out} more ...", *lines[-_TAIL:]]


def _line(entry: Entry, start_ms: int) -> str:
    status = "---" if entry.response is None else str(entry.response.status)
    after_s = (entry.at_ms - start_ms) / 1000
    line = f"  {after_s:+11.3f} s  #{entry.seq:<4} {_what(entry):<18} {_playhead(entry):<9} {status}"
    notes = []
    if entry.outcome not in (Outcome.OPENED, Outcome.ACCEPTED, Outcome.ANSWERED):
        of = f" {short_sid(entry.session_id or '')}" if entry.outcome is Outcome.UNKNOWN_SESSION else ""
        notes.append(f"{entry.outcome.value}{of}")
    if entry.fault_ids:
        notes.append(f"fault {' '.join(entry.fault_ids)}")
    if entry.delivery.value != "sent":
        notes.append(entry.delivery.value)
    notes += [
        printable(f"{violation.path} {violation.detail}".strip(), _LONGEST_NOTE) for violation in entry.violations[:2]
    ]
    return f"{line}  {'; '.join(notes)}".rstrip()


def _what(entry: Entry) -> str:
    if entry.event_type is not None:
        return printable(entry.event_type, _LONGEST_WORD)
    if entry.operation is Operation.DOWNLOAD and entry.batch_of is not None:
        return f"batch of {entry.batch_of}"
    if entry.operation is Operation.PREFLIGHT or entry.operation is Operation.SCHEMA:
        return str(entry.operation.value)
    if entry.operation is not Operation.OTHER:
        return "no event type"
    return printable(f"{entry.request.method} {entry.request.path}", _LONGEST_WORD)


def printable(text: str, longest: int = _LONGEST_NOTE) -> str:
    """Return text of a client as one printable line, so that it cannot control a terminal.

    Args:
        longest: Most characters; the rest is cut off.
    """
    shown = text if len(text) <= longest else f"{text[:longest]}..."
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown)


def _playhead(entry: Entry) -> str:
    playhead_s = next((event.playhead_s for event in entry.events if event.index is None), None)
    return "" if playhead_s is None or abs(playhead_s) > 1e12 else f"@{playhead_s:.1f}"
