"""A comparison as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mockserver.model.comparison import Change, Comparison, SessionComparison
from mockserver.model.results import SessionView
from mockserver.rules.diagnose.wording import counted
from mockserver.rules.transcript import printable, short_sid

__all__ = ["change_line", "change_lines", "comparison_text", "named", "shown_value", "summary_line"]

_LONGEST_VALUE = 80
_MOST_NUMBERS = 5
_DECIMALS = 4
_PARTS = (
    ("events", ("event", "key", "playhead", "time")),
    ("pings", ("interval", "pings")),
    ("the report", ("metric",)),
    ("findings", ("finding",)),
)
"""The headings, and what is listed below each."""


def comparison_text(comparison: Comparison, *, most: int | None = None) -> str:
    """Write what differs, pair by pair.

    Args:
        comparison: The comparison.
        most: How many lines to write of each pair; None for all.

    Returns:
        Text whose last line says how many sessions are the same.
    """
    lines: list[str] = []
    for pair in comparison.pairs:
        lines += _pair(pair, most)
    for session in comparison.missing:
        lines += [f"missing now: {named(session)}", ""]
    for session in comparison.new:
        lines += [f"new: {named(session)}", ""]
    return "\n".join([*lines, summary_line(comparison)])


def summary_line(comparison: Comparison) -> str:
    """Write how many sessions were compared, and how many are the same."""
    pairs = comparison.pairs
    same = sum(not pair.changes for pair in pairs)
    parts = [f"{counted(len(pairs), 'pair')} of sessions compared"]
    if same == len(pairs):
        parts.append("no differences" if pairs else "")
    else:
        parts.append(f"{len(pairs) - same} with differences")
    if comparison.missing:
        parts.append(f"{len(comparison.missing)} missing now")
    if comparison.new:
        parts.append(f"{len(comparison.new)} new")
    return ", ".join(part for part in parts if part)


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Write differences below headings; equal ones of several events of a type are one line."""
    lines = []
    for heading, kinds in _PARTS:
        written = [*_written([change for change in changes if change.of in kinds])]
        if written:
            lines += [f"  {heading}", *(f"    {line}" for line in written)]
    return lines


def change_line(change: Change) -> str:
    """Write one difference."""
    return _line([change])


def _pair(pair: SessionComparison, most: int | None) -> Iterator[str]:
    yield named(pair.before)
    yield f"  before: session {short_sid(pair.before.session_id)}, {_how(pair.before)}"
    yield f"  now:    session {short_sid(pair.after.session_id)}, {_how(pair.after)}"
    yield ""
    lines = change_lines(pair.changes) or ["  no differences"]
    yield from lines[:most]
    if most is not None and len(lines) > most:
        yield f"    ... {len(lines) - most} more ..."
    yield ""


def named(session: SessionView) -> str:
    """Write what a session plays."""
    content = session.content
    name = f' "{printable(content.media_name, _LONGEST_VALUE)}"' if content.media_name else ""
    return printable(content.media_id or "no media.id", _LONGEST_VALUE) + name


def _how(session: SessionView) -> str:
    content = session.content
    client = " ".join(printable(part, 60) for part in (content.player_name, content.library_version) if part)
    closed = session.phase.value if session.closed_by is None else f"closed by {session.closed_by.value}"
    events = counted(session.events, "event")
    return ", ".join(part for part in (events, closed, client) if part)


def _written(changes: Iterable[Change]) -> Iterator[str]:
    """Write differences; equal ones of several events of a type are one line, in place of the first."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for number, change in enumerate(changes):
        event_type, _, ordinal = change.event.partition(" ")
        alike = change.of in ("key", "event") and ordinal.isdecimal()
        key = (change.of, event_type, change.name, shown_value(change.before), shown_value(change.after))
        groups.setdefault(key if alike else (*key, str(number)), []).append(change)
    for group in groups.values():
        yield _line(group)


def _line(group: Sequence[Change]) -> str:
    first = group[0]
    numbers = [change.event.partition(" ")[2] for change in group[:_MOST_NUMBERS]]
    shown = ", ".join(numbers) + (f" and {len(group) - _MOST_NUMBERS} more" if len(group) > _MOST_NUMBERS else "")
    event = f"{first.event.partition(' ')[0]} {shown}" if len(group) > 1 else first.event
    match first.of:
        case "event":
            return f"{event}: {'missing now' if first.after is None else 'new'}"
        case "finding":
            return _finding(first)
        case "key":
            what = f"{event} {first.name}"
        case "playhead":
            what = f"{event} at playhead"
        case "time":
            what = f"{event} at second"
        case "interval":
            what = f"seconds between pings {first.name}"
        case "pings":
            what = "number of pings"
        case _:
            what = first.what
    return f"{printable(what, 200)}: {shown_value(first.before)} before, {shown_value(first.after)} now"


def _finding(change: Change) -> str:
    if change.before is None:
        return f"{change.name}: new, {change.after}"
    if change.after is None:
        return f"{change.name}: gone, {change.before} before"
    return f"{change.name}: {change.before} before, {change.after} now"


def shown_value(value: Any) -> str:
    """Write a value as JSON on one line, cut if it is long; None is nothing."""
    if value is None:
        return "nothing"
    value = round(value, _DECIMALS) if isinstance(value, float) else value
    return printable(msgspec.json.encode(value).decode(), _LONGEST_VALUE)
