"""Whether two players report the same viewing: one session against another, in whichever API each was sent.

Both are compared in the normal shape. What one API cannot say, or says in whole seconds only, is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from mockserver.model.event import Event
from mockserver.model.report import SessionReport

__all__ = ["Change", "changes"]

_ONLY_IN_ONE_API = ("analytics.", "visitor.", "appInstallationId", "media.libraryVersion")
"""What beginnings of keys the Media Edge API has no place for: its datastream and its identityMap say it instead."""

_CONSTANT = frozenset({"media.qoe.bitrate", "media.qoe.framesPerSecond", "media.qoe.timeToStart"})
_STATE_LISTS = {"statesStart": "stateStart", "statesEnd": "stateEnd"}
_STATE_NAME = "media.state.name"
_WHOLE = 1.0
"""The Media Edge API counts whole seconds."""

_WHOLE_TTS_MS = 1000.0
_APART_S = 2.0
"""Two runs of one viewing are never equal to the second."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between two sessions.

    Args:
        of: What differs: whether an event is there, a ``key`` of it, its ``playhead``, when it came, how often pings
            came, or a ``metric`` of the report.
        event: The event, such as ``adStart 2`` for the second one; empty for a metric.
        name: The key in the normal shape, or the name of the metric; empty for the event itself.
        before: What the first session has; None for nothing.
        after: What the second one has; None for nothing.
    """

    of: Literal["event", "key", "playhead", "time", "pings", "metric"]
    event: str = ""
    name: str = ""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if self.of == "event":
            return f"{self.event}: {'missing now' if self.after is None else 'new'}"
        what = " ".join(part for part in (self.event, self.name) if part)
        return f"{what} ({self.of}): {_shown(self.before)} before, {_shown(self.after)} now"


def changes(
    before: Sequence[Event],
    after: Sequence[Event],
    reports: tuple[SessionReport, SessionReport] | None = None,
) -> list[Change]:
    """Compare two sessions that report the same viewing.

    Args:
        before: The events of the first one, in order of processing.
        after: Those of the second one.
        reports: What would be reported of each; None to compare the events only.

    Returns:
        What differs: events in order, then pings, then the report.
    """
    first, second = [*_plain(before)], [*_plain(after)]
    found = [*_aligned(first, second), *_pings(before, after)]
    if reports is not None:
        found += _metrics(*reports)
    return found


def _plain(events: Iterable[Event]) -> Iterator[Event]:
    """Return the events without pings, with ``statesUpdate`` as the stateStart and stateEnd that it stands for."""
    for event in events:
        if event.event_type == "statesUpdate":
            for member, event_type in _STATE_LISTS.items():
                for state in event.params.get(member) or ():
                    name = state.get(_STATE_NAME) if isinstance(state, Mapping) else None
                    yield msgspec.structs.replace(event, event_type=event_type, params={_STATE_NAME: name})
        elif event.event_type != "ping":
            yield event


def _aligned(before: Sequence[Event], after: Sequence[Event]) -> Iterator[Change]:
    names_before, names_after = _numbered(before), _numbered(after)
    matcher = SequenceMatcher(None, [_kind(event) for event in before], [_kind(event) for event in after], False)
    for tag, first, first_end, second, second_end in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(range(first, first_end), range(second, second_end), strict=True):
                start = (before[0], after[0])
                yield from _pair(names_before[one], before[one], after[other], start)
        else:
            for one in range(first, first_end):
                yield Change(of="event", event=names_before[one], before=before[one].event_type)
            for other in range(second, second_end):
                yield Change(of="event", event=names_after[other], after=after[other].event_type)


def _kind(event: Event) -> tuple[str, str]:
    """Return what makes two events the same: the type, and of a player state its name."""
    return event.event_type or "", str(event.params.get(_STATE_NAME, ""))


def _numbered(events: Sequence[Event]) -> list[str]:
    counts: dict[str, int] = {}
    names = []
    for event in events:
        event_type = event.event_type or "?"
        counts[event_type] = counts.get(event_type, 0) + 1
        names.append(f"{event_type} {counts[event_type]}")
    return names


def _pair(name: str, before: Event, after: Event, starts: tuple[Event, Event]) -> Iterator[Change]:
    if not _near(before.playhead_s, after.playhead_s, _APART_S):
        yield Change(of="playhead", event=name, before=before.playhead_s, after=after.playhead_s)
    first_s, second_s = _passed_s(starts[0], before), _passed_s(starts[1], after)
    if first_s is not None and second_s is not None and not _near(first_s, second_s, _APART_S):
        yield Change(of="time", event=name, before=first_s, after=second_s)
    for ours, theirs in ((before.params, after.params), (before.meta, after.meta), *_quality(before, after)):
        for key in dict.fromkeys((*ours, *theirs)):
            if key.startswith(_ONLY_IN_ONE_API):
                continue
            tolerance = _WHOLE_TTS_MS if key == "media.qoe.timeToStart" else _WHOLE
            if not _near(ours.get(key), theirs.get(key), tolerance):
                yield Change(of="key", event=name, name=key, before=ours.get(key), after=theirs.get(key))


def _passed_s(start: Event, event: Event) -> float | None:
    return None if start.ts_ms is None or event.ts_ms is None else (event.ts_ms - start.ts_ms) / 1000


def _quality(before: Event, after: Event) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the quality of both where it has to be there: SDKs of one API send it once, those of the other always."""
    if before.event_type in ("bitrateChange", "error"):
        yield before.qoe, after.qoe
    else:
        both = before.qoe.keys() & after.qoe.keys() & _CONSTANT
        yield {key: before.qoe[key] for key in both}, {key: after.qoe[key] for key in both}


def _near(one: Any, other: Any, tolerance: float) -> bool:
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, other))
    return abs(one - other) <= tolerance if numbers else bool(one == other)


def _pings(before: Sequence[Event], after: Sequence[Event]) -> Iterator[Change]:
    counts = [sum(event.event_type == "ping" for event in events) for events in (before, after)]
    if abs(counts[0] - counts[1]) > max(1, 0.2 * max(counts)):
        yield Change(of="pings", event="ping", before=counts[0], after=counts[1])


def _metrics(before: SessionReport, after: SessionReport) -> Iterator[Change]:
    known = {metric.name: metric for metric in after.metrics}
    for metric in before.metrics:
        other = known.get(metric.name)
        value = None if other is None else other.value
        if not _near(metric.value, value, _APART_S if metric.name.endswith("_s") else 0):
            yield Change(of="metric", name=metric.name, before=metric.value, after=value)


def _shown(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()
