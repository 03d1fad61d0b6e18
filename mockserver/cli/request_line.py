"""The line that shows a request in a terminal."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone, tzinfo

from mockserver.address import DEFAULT_NAMESPACE
from mockserver.model.journal import Entry
from mockserver.model.vocabulary import Operation

__all__ = ["request_line"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SID_SHOWN = 8
_LONGEST = 60
_LONGEST_REASON = 200


def request_line(entry: Entry, zone: tzinfo | None = None, namespace: str = DEFAULT_NAMESPACE) -> str:
    """Format an entry: clock time, session, event type, status, playhead, faults, and why it was refused.

    Args:
        entry: The entry.
        zone: The time zone of the clock time; None for that of the machine.
        namespace: Its namespace; shown unless it is the default one.

    Returns:
        One line of ASCII without a line break, whatever the client sent.
    """
    sid = _plain(entry.session_id or "-")[:_SID_SHOWN]
    status = "---" if entry.response is None else str(entry.response.status)
    columns = [_clock_time(entry.at_ms, zone), f"{sid:{_SID_SHOWN}}", f"{_what(entry):15}", f"{status:3}"]
    columns.append(f"{_playhead(entry):>9}")
    if entry.fault_ids:
        columns.append(f"fault {','.join(entry.fault_ids)}")
    if entry.violations:
        first, more = entry.violations[0], len(entry.violations) - 1
        columns.append(_short(first.text, _LONGEST_REASON))
        if more:
            columns.append(f"(and {more} more)")
    if namespace != DEFAULT_NAMESPACE:
        columns.append(f"[{namespace}]")
    return "  ".join(columns).rstrip()


def _clock_time(at_ms: int, zone: tzinfo | None) -> str:
    at = _EPOCH + timedelta(milliseconds=at_ms)
    # A test may set the clock to times that the local time zone cannot express: show these in UTC.
    with contextlib.suppress(OverflowError, OSError, ValueError):
        at = at.astimezone(zone)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def _what(entry: Entry) -> str:
    if entry.event_type is not None:
        return _short(entry.event_type, _LONGEST)
    if entry.operation is Operation.DOWNLOAD and entry.batch_of is not None:
        return f"download of {entry.batch_of}"
    if entry.operation in (Operation.PREFLIGHT, Operation.OTHER):
        return _short(f"{entry.request.method} {entry.request.path}", _LONGEST)
    return str(entry.operation.value)


def _playhead(entry: Entry) -> str:
    playhead_s = next((event.playhead_s for event in entry.events if event.index is None), None)
    if playhead_s is None:
        return ""
    try:
        return f"{playhead_s:.10g} s"
    except OverflowError:
        return ""


def _short(text: str, longest: int) -> str:
    return _plain(text if len(text) <= longest else f"{text[:longest]}...")


def _plain(text: str) -> str:
    """Escape everything but printable ASCII, so that no client can control the terminal."""
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")
