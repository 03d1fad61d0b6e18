"""The order in which the back end processes the events of one session.

Theory of operation. Adobe's page "Controlling the order of events" of the Media Collection API says: events are held
in a window of 5 seconds or at most 10 events; when the 5 seconds have passed or more than 10 events are received,
they are reordered by ``playerTime.ts`` and sent on to processing; only sessionStart is sent on at once. Hence:

* Everything but sessionStart waits in a buffer. An event that comes 5 seconds or more after the first one in it, or
  finds ten in it, empties it and is outside that window.
* An event older than the youngest one already processed can no longer be sorted: it is processed at once, in order of
  arrival, and is marked with how late it is. sessionStart does not count here: THEOplayer's connector sends a whole
  pre-roll with ``ts`` before that of its sessionStart (recordings).
* An event whose ``ts`` could not be read stays directly behind the event that arrived before it, and is never late.

Equal ``ts``. The page forbids them and promises no order for them, yet Adobe's own clients send them all the time
(recordings of MediaSDK JS 3.0 and 3.1: adBreakStart, adStart, play; adSkip, adBreakComplete, play, chapterStart;
chapterComplete, chapterStart), and send three requests in parallel, so that arrival says nothing either. Ties are
therefore ordered by meaning: events are ranked so that closing events come before opening ones, and opening ones before
playback. A rank alone is not enough: the CBS 0.0.15 client sends a whole ad break with one ``ts``, arriving as
adBreakStart, adComplete, adBreakComplete, play, adStart (recording). So for a group of up to six events, the order with
the fewest violations of the rules below is taken, given what is open at that point; among equals, the first by rank,
then by arrival. Larger groups are only ranked.

Violations are what the tables of :mod:`.playback_states` ignore or call irregular: an ad event outside an ad break; a
close of something that is not open; an open of something that is; play, pauseStart, bufferStart or ping between
adBreakStart and its first adStart. The names of player states are not known here, so a stateEnd is a violation only
while no state at all is on.

The window, its two limits and the exception for sessionStart are Adobe's. The page leaves open whether the event that
ends a window is sorted with it, what becomes of late events, and the order of ties: there it is our reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

import msgspec

from mockserver.model.event_types import names
from mockserver.model.session import AdState
from mockserver.rules.playback_states import ADS, CHAPTER, IRREGULAR, STATES

__all__ = ["Arrived", "Processed", "ReorderBuffer", "Ties", "is_ranked", "processing_order"]

Ties = Literal["semantic", "arrival"]
"""How events with equal ``ts`` are ordered: by their meaning, or as they arrived."""

_SEARCH_LIMIT = 6
"""The largest group of equal ``ts`` whose orders are compared. Groups in recordings have two to six events."""


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """One event of a session, as far as its order depends on it.

    Args:
        event_type: The event type; None when it could not be read.
        ts_ms: ``playerTime.ts``, milliseconds since 1970 by the player's clock; None when it could not be read.
        at_ms: When it arrived, in milliseconds of the emulated clock.
    """

    event_type: str | None
    ts_ms: int | None
    at_ms: int


class Processed(msgspec.Struct, frozen=True, gc=False):
    """The place of one event in the order of processing.

    Args:
        index: Its place in the order of arrival, from 0.
        late_ms: By how many milliseconds of ``ts`` it is older than the youngest event already processed, sessionStart
            excluded; 0 when it is not late.
        provisional: Whether it is still in the buffer, so that a later arrival can move it.
    """

    index: int
    late_ms: int
    provisional: bool


class _Playback(NamedTuple):
    """What is going on, as far as the order depends on it."""

    ad_state: AdState = "main"
    in_chapter: bool = False
    states_on: int = 0


_After = tuple[_Playback, int]
"""The state after an event, and how many rules the event violated."""

_AD_EVENTS, _CHAPTER_EVENTS = names("ad"), names("chapter")


def _step(open_: _Playback, event_type: str | None) -> _After:
    """Apply an event by the tables of :mod:`.playback_states`."""
    if event_type == "ping":  # nearly all are
        return open_, int((open_.ad_state, event_type) in IRREGULAR)
    if event_type in _AD_EVENTS:
        ad_state = ADS[open_.ad_state].get(event_type)
        if ad_state is None:
            return open_, 1
        return open_._replace(ad_state=ad_state), int((open_.ad_state, event_type) in IRREGULAR)
    if event_type in _CHAPTER_EVENTS:
        in_chapter = CHAPTER[open_.in_chapter].get(event_type)
        if in_chapter is None:
            return open_, 1
        return open_._replace(in_chapter=in_chapter), int((open_.in_chapter, event_type) in IRREGULAR)
    turns_on = STATES.get(event_type or "")
    if turns_on is not None:
        if turns_on:
            return open_._replace(states_on=open_.states_on + 1), 0
        return (open_._replace(states_on=open_.states_on - 1), 0) if open_.states_on else (open_, 1)
    return open_, int((open_.ad_state, event_type) in IRREGULAR)


_RANKED: tuple[tuple[str, ...], ...] = (
    ("adSkip", "adComplete"),
    ("adBreakComplete",),
    ("chapterSkip", "chapterComplete"),
    ("stateEnd",),
    ("adBreakStart",),
    ("adStart",),
    ("chapterStart",),
    ("stateStart", "statesUpdate"),
    ("pauseStart", "bufferStart", "play"),
    ("bitrateChange", "error"),
    ("ping",),
    ("sessionComplete",),
    ("sessionEnd",),
)
_RANKS: Mapping[str | None, int] = {name: rank for rank, names in enumerate(_RANKED) for name in names}
_UNKNOWN_RANK = _RANKS["error"]


def is_ranked(first: str | None, second: str | None) -> bool:
    """Return whether two event types with one ``ts`` are in the order of their ranks, which rules rarely change."""
    return _RANKS.get(first, _UNKNOWN_RANK) <= _RANKS.get(second, _UNKNOWN_RANK)


class _Buffered(msgspec.Struct, gc=False):
    """Index and event type of an event in the buffer and, behind it, of those without ``ts`` that arrived next."""

    ts_ms: int
    members: tuple[tuple[int, str | None], ...]


def _rank(held: _Buffered) -> int:
    return _RANKS.get(held.members[0][1], _UNKNOWN_RANK)


def _advance(open_: _Playback, order: Iterable[_Buffered]) -> _After:
    violations = 0
    for held in order:
        for _, event_type in held.members:
            open_, more = _step(open_, event_type)
            violations += more
    return open_, violations


def _fewest_violations(ranked: Sequence[_Buffered], open_: _Playback, violations: int) -> list[_Buffered]:
    """Order a group of equal ``ts`` so that it violates the fewest rules, preferring the order of ``ranked``.

    Budgets of 0, 1, ... violations are tried in turn, below the ``violations`` of ``ranked`` itself. Whether a budget
    suffices depends only on which events are left and on what is open, so a case that failed is not tried again.
    """
    failed: set[tuple[int, int, _Playback]] = set()

    def within(budget: int, left: int, open_: _Playback) -> list[_Buffered] | None:
        if not left:
            return []
        if (budget, left, open_) in failed:
            return None
        for position, held in enumerate(ranked):
            if left >> position & 1:
                after, spent = _advance(open_, (held,))
                if spent <= budget:
                    rest = within(budget - spent, left & ~(1 << position), after)
                    if rest is not None:
                        return [held, *rest]
        failed.add((budget, left, open_))
        return None

    for budget in range(violations):
        order = within(budget, (1 << len(ranked)) - 1, open_)
        if order is not None:
            return order
    return list(ranked)


def _arrange(buffered: Sequence[_Buffered], open_: _Playback, ties: Ties) -> tuple[list[_Buffered], _Playback]:
    """Sort buffered events, given in order of arrival, and return what is open after them."""
    if len(buffered) == 1:  # a ping comes alone, in most sessions
        if ties != "arrival":
            for _, event_type in buffered[0].members:
                open_, _ = _step(open_, event_type)
        return [*buffered], open_
    by_ts = sorted(buffered, key=attrgetter("ts_ms"))
    if ties == "arrival":
        return by_ts, open_
    order: list[_Buffered] = []
    for _, equals in groupby(by_ts, key=attrgetter("ts_ms")):
        group = sorted(equals, key=_rank)
        after, violations = _advance(open_, group)
        if violations and 1 < len(group) <= _SEARCH_LIMIT:
            group = _fewest_violations(group, open_, violations)
            after, _ = _advance(open_, group)
        order += group
        open_ = after
    return order, open_


class ReorderBuffer:
    """The reorder window of one session, fed with one event after the other.

    It keeps only what the next decision needs: the events in the window, the youngest ``ts`` that was processed and
    what is open. What :meth:`feed` returns is final; a caller can keep it and go on when more events arrive.

    Args:
        window_ms: How long the first event of a window is held, in milliseconds of the emulated clock.
        window_n: How many events are held at most; the next one to arrive finds the buffer emptied.
        ties: How events with equal ``ts`` are ordered.
    """

    def __init__(self, *, window_ms: int, window_n: int, ties: Ties = "semantic") -> None:
        self._window_ms = window_ms
        self._window_n = window_n
        self._ties: Ties = ties
        self._buffered: list[_Buffered] = []
        self._first_at_ms = 0
        self._n = 0
        self._total = 0
        # The event of the buffer behind which an event without ts belongs; None when the last arrival is not in it.
        self._previous: _Buffered | None = None
        self._youngest_ms: int | None = None
        self._open = _Playback()

    def copy(self) -> ReorderBuffer:
        """Return a buffer in the same state; what is fed to one does not change the other."""
        other = copy(self)
        held = {id(each): _Buffered(each.ts_ms, each.members) for each in self._buffered}
        other._buffered = list(held.values())
        other._previous = None if self._previous is None else held[id(self._previous)]
        return other

    def feed(self, event: Arrived) -> list[Processed]:
        """Take the next event in order of arrival.

        Returns:
            The events that were processed because of it, in order; their places are final.
        """
        index = self._total
        self._total += 1
        full = self._n >= self._window_n
        done = self._flush() if self._buffered and (full or self._window_passed(event.at_ms)) else []
        ts_ms = event.ts_ms
        if event.event_type == "sessionStart":
            done.append(self._process_at_once(index, event.event_type, 0))
        elif ts_ms is None:
            if self._previous is None:
                done.append(self._process_at_once(index, event.event_type, 0))
            else:
                self._previous.members += ((index, event.event_type),)
                self._n += 1
        elif self._youngest_ms is not None and ts_ms < self._youngest_ms:
            done.append(self._process_at_once(index, event.event_type, self._youngest_ms - ts_ms))
        else:
            if not self._buffered:
                self._first_at_ms = event.at_ms
            self._previous = _Buffered(ts_ms, ((index, event.event_type),))
            self._buffered.append(self._previous)
            self._n += 1
        return done

    def tail(self, *, now_ms: int | None = None, closed: bool = False) -> list[Processed]:
        """Return the events still in the buffer, as if it were emptied now. Changes nothing.

        Args:
            now_ms: The current time on the emulated clock, in milliseconds; None if no more events will come.
            closed: Whether the session takes no more events.

        Returns:
            The events in the order of processing; provisional while the window has not passed at ``now_ms``.
        """
        if not self._buffered:
            return []
        provisional = not closed and now_ms is not None and not self._window_passed(now_ms)
        order, _ = _arrange(self._buffered, self._open, self._ties)
        return _places(order, provisional=provisional)

    def _window_passed(self, now_ms: int) -> bool:
        return now_ms - self._first_at_ms >= self._window_ms

    def _process_at_once(self, index: int, event_type: str | None, late_ms: int) -> Processed:
        self._open, _ = _step(self._open, event_type)
        self._previous = None
        return Processed(index, late_ms, False)

    def _flush(self) -> list[Processed]:
        order, self._open = _arrange(self._buffered, self._open, self._ties)
        self._youngest_ms = order[-1].ts_ms
        self._buffered = []
        self._n = 0
        self._previous = None
        return _places(order, provisional=False)


def _places(order: Sequence[_Buffered], *, provisional: bool) -> list[Processed]:
    # Never late: what is older than the youngest processed event does not get into the buffer.
    if len(order) == 1:
        return [Processed(index, 0, provisional) for index, _ in order[0].members]
    return [Processed(index, 0, provisional) for held in order for index, _ in held.members]


def processing_order(
    events: Sequence[Arrived],
    *,
    window_ms: int,
    window_n: int,
    ties: Ties = "semantic",
    now_ms: int | None = None,
    closed: bool = False,
) -> list[Processed]:
    """Put the events of one session into the order in which the back end processes them.

    Args:
        events: All events of the session, sessionStart included, in order of arrival.
        window_ms: How long the first event of a window is held, in milliseconds of the emulated clock.
        window_n: How many events are held at most.
        ties: How events with equal ``ts`` are ordered.
        now_ms: The current time on the emulated clock, in milliseconds; None if no more events will come.
        closed: Whether the session takes no more events.

    Returns:
        Every event once, in order of processing; those still in the buffer at ``now_ms`` last, marked provisional.
    """
    buffer = ReorderBuffer(window_ms=window_ms, window_n=window_n, ties=ties)
    order: list[Processed] = []
    for event in events:
        order += buffer.feed(event)
    order += buffer.tail(now_ms=now_ms, closed=closed)
    return order
