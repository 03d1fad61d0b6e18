"""Compares two sessions of one viewing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, NamedTuple

from mockserver.model.comparison import USUAL, Change, ChangeKind, Moment, Row, SessionComparison, Tolerance
from mockserver.model.event import Event
from mockserver.model.finding import Finding, Severity
from mockserver.model.report import SessionReport
from mockserver.model.results import SessionView
from mockserver.rules.comparison.alignment import aligned, numbered, single_events
from mockserver.rules.comparison.report import report_changes
from mockserver.rules.comparison.values import ACROSS_APIS, MEASURED_KEYS, VOLATILE_KEYS, Drift, alike, near

__all__ = ["Watched", "compare_sessions"]

_CONSTANT = frozenset({"media.qoe.bitrate", "media.qoe.framesPerSecond", "media.qoe.timeToStart"})
_WHOLE_SECONDS = frozenset(
    {"media.ad.length", "media.ad.podSecond", "media.chapter.length", "media.chapter.offset", "media.length"}
)
"""What the Media Edge API counts in whole seconds."""

_WHOLE_SECOND_MS = 1000.0
_PLACED = ("media.ad.podSecond", "media.chapter.offset")
"""Keys whose values are playheads."""

_LIVE = ("live", "linear")
_OTHER_CADENCE = 0.2
_SHORTEST_S = 0.25
"""Intervals that differ by less than a fifth, or by less than this, are the same."""

_IN_AD = {"adStart": True, "adBreakStart": True, "adBreakComplete": False}
_STOPS = {"pauseStart": True, "bufferStart": True, "play": False}


class Watched(NamedTuple):
    """One session as far as it is compared.

    Args:
        view: The session.
        events: Its accepted events in order of processing.
        report: What would be reported of it.
        findings: What is wrong with it.
    """

    view: SessionView
    events: Sequence[Event]
    report: SessionReport
    findings: Sequence[Finding]


def compare_sessions(before: Watched, after: Watched, tolerance: Tolerance = USUAL) -> SessionComparison:
    """Compare two sessions that report the same viewing.

    Args:
        before: The first one.
        after: The second one.
        tolerance: What does not count as a difference.
    """
    pair = _Pair(before, after, tolerance)
    across = before.view.dialect != after.view.dialect
    rows: list[Row] = []
    changes: list[Change] = []
    for row, found in pair.rows():
        counted = [change for change in found if _counts(change, tolerance)]
        rows.append(
            Row(before=row.before, after=row.after, changes=tuple(range(len(changes), len(changes) + len(counted))))
        )
        changes += counted
    others = [*_pings(before.events, after.events), *report_changes(before.report, after.report, tolerance)]
    if not across:  # each API has rules of its own
        others += _findings(before.findings, after.findings, Severity.INFO if tolerance.volatile else Severity.WARNING)
    changes += [change for change in others if _counts(change, tolerance)]
    return SessionComparison(before=before.view, after=after.view, changes=tuple(changes), rows=tuple(rows))


def _counts(change: Change, tolerance: Tolerance) -> bool:
    names = (change.name, change.event.partition(" ")[0], change.of)
    return not any(fnmatchcase(name, pattern) for pattern in tolerance.ignore for name in names if name)


class _Seen(NamedTuple):
    """An event of one of the sessions, its name in differences, and what is shown of it."""

    event: Event
    name: str
    moment: Moment


def _seen(events: Sequence[Event]) -> list[_Seen]:
    start_ms = events[0].ts_ms if events else None
    singles = [*single_events(events)]
    return [
        _Seen(
            event,
            name,
            Moment(
                seq=event.seq,
                index=event.index,
                event_type=event.event_type,
                at_s=None if start_ms is None or event.ts_ms is None else (event.ts_ms - start_ms) / 1000,
                playhead_s=event.playhead_s,
            ),
        )
        for event, name in zip(singles, numbered(singles), strict=True)
    ]


class _Pair:
    """The events of two sessions, side by side."""

    def __init__(self, before: Watched, after: Watched, tolerance: Tolerance) -> None:
        self._before, self._after = _seen(before.events), _seen(after.events)
        self._tolerance = tolerance
        self._across = before.view.dialect != after.view.dialect
        self._live = before.view.content.content_type in _LIVE

    def rows(self) -> Iterator[tuple[Row, list[Change]]]:
        """Return the events that correspond, and how they differ."""
        pairs = [
            (None if place is None else self._before[place], None if other is None else self._after[other])
            for place, other in aligned([one.event for one in self._before], [one.event for one in self._after])
        ]
        both = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        times = [_difference(ours.moment.at_s, theirs.moment.at_s) for ours, theirs in both]
        playheads = [_difference(ours.event.playhead_s, theirs.event.playhead_s) for ours, theirs in both]
        moved = iter(_jumps(times, Drift(self._tolerance.seconds)))
        # A live playhead is the time of day, so two runs are apart from the beginning.
        start = next((apart for apart in playheads if apart is not None), 0.0) if self._live else 0.0
        jumped = iter(_jumps(playheads, Drift(self._tolerance.seconds, start)))
        for ours, theirs in pairs:
            row = Row(before=ours and ours.moment, after=theirs and theirs.moment)
            if ours is None or theirs is None:
                yield row, [_change("event", ours, theirs, "", _type(ours), _type(theirs))]
            else:
                yield row, [*self._changes(ours, theirs, moved=next(moved), jumped=next(jumped))]

    def _changes(self, ours: _Seen, theirs: _Seen, *, moved: bool, jumped: bool) -> Iterator[Change]:
        if jumped:
            yield _change("playhead", ours, theirs, "", ours.event.playhead_s, theirs.event.playhead_s)
        if moved:
            yield _change("time", ours, theirs, "", ours.moment.at_s, theirs.moment.at_s)
        one, other = ours.event, theirs.event
        for first, second in ((one.params, other.params), (one.meta, other.meta), *_quality(one, other)):
            for key in dict.fromkeys((*first, *second)):
                if self._looks_at(key) and not self._same(key, first.get(key), second.get(key)):
                    yield _change("key", ours, theirs, key, first.get(key), second.get(key))

    def _looks_at(self, key: str) -> bool:
        if self._across and key.startswith(ACROSS_APIS):
            return False
        if self._live and key in _PLACED:
            return False
        return self._tolerance.volatile or key not in VOLATILE_KEYS

    def _same(self, key: str, one: Any, other: Any) -> bool:
        if key in MEASURED_KEYS and not self._tolerance.volatile:
            return alike(one, other) or (self._across and near(one, other, _WHOLE_SECOND_MS))
        whole_s = 1.0 if self._across and key in _WHOLE_SECONDS else 0.0
        return near(one, other, max(whole_s, self._tolerance.seconds if key in _PLACED else 0.0))


def _change(of: ChangeKind, ours: _Seen | None, theirs: _Seen | None, key: str, before: Any, after: Any) -> Change:
    return Change(
        of=of,
        event=next(seen.name for seen in (ours, theirs) if seen is not None),
        name=key,
        before=before,
        after=after,
        before_seq=None if ours is None else ours.event.seq,
        after_seq=None if theirs is None else theirs.event.seq,
    )


def _type(seen: _Seen | None) -> str | None:
    return None if seen is None else seen.event.event_type or "?"


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else other - one


def _jumps(apart: Sequence[float | None], drift: Drift) -> list[bool]:
    known = [place for place, value in enumerate(apart) if value is not None]
    following = dict(zip(known, (apart[place] for place in known[1:]), strict=False))
    return [value is not None and drift.jumps(value, following.get(place)) for place, value in enumerate(apart)]


def _quality(before: Event, after: Event) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the quality that both must have: SDKs of one API send it once, those of the other with every event."""
    if before.event_type in ("bitrateChange", "error"):
        yield before.qoe, after.qoe
    else:
        both = before.qoe.keys() & after.qoe.keys() & _CONSTANT
        yield {key: before.qoe[key] for key in both}, {key: after.qoe[key] for key in both}


def _pings(before: Sequence[Event], after: Sequence[Event]) -> Iterator[Change]:
    """Compare how often pings came in content, in ads and while nothing plays; and if that is equal, how many."""
    first, second = _intervals(before), _intervals(after)
    another = False
    for where in first.keys() & second.keys():
        one, other = _middle(first[where]), _middle(second[where])
        if abs(one - other) > max(_SHORTEST_S, _OTHER_CADENCE * max(one, other)):
            another = True
            yield Change(of="interval", event="ping", name=where, before=round(one, 3), after=round(other, 3))
    counts = [sum(event.event_type == "ping" for event in events) for events in (before, after)]
    if not another and abs(counts[0] - counts[1]) > max(1, _OTHER_CADENCE * max(counts)):
        yield Change(of="pings", event="ping", before=counts[0], after=counts[1])
    keys = [
        {key for event in events if event.event_type == "ping" for key in (*event.params, *event.meta)}
        for events in (before, after)
    ]
    for key in sorted(keys[0] ^ keys[1]):
        was_there = key in keys[0]
        yield Change(
            of="key", event="ping", name=key, before="sent" if was_there else None, after=None if was_there else "sent"
        )


def _intervals(events: Iterable[Event]) -> dict[str, list[float]]:
    """Return the seconds between pings that follow each other, by what was going on."""
    found: dict[str, list[float]] = {}
    in_ad = stopped = False
    for event, following in pairwise(events):
        in_ad = _IN_AD.get(event.event_type or "", in_ad)
        stopped = _STOPS.get(event.event_type or "", stopped)
        if (
            event.event_type == following.event_type == "ping"
            and event.ts_ms is not None
            and following.ts_ms is not None
        ):
            where = "in ads" if in_ad else "while paused or buffering" if stopped else "in content"
            found.setdefault(where, []).append((following.ts_ms - event.ts_ms) / 1000)
    return found


def _middle(numbers: Sequence[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def _findings(before: Sequence[Finding], after: Sequence[Finding], least: Severity) -> Iterator[Change]:
    """Compare which rules fired. Notes count only if asked for, because chance decides about them."""
    first, second = ({finding.code: finding.severity for finding in reversed(found)} for found in (before, after))
    for code in dict.fromkeys((*first, *second)):
        one, other = first.get(code), second.get(code)
        known = [severity.rank for severity in (one, other) if severity is not None]
        if one is not other and min(known) <= least.rank:
            yield Change(of="finding", name=code, before=one and one.value, after=other and other.value)
