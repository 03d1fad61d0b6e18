"""What the back end takes to be going on after every event: playing or not, in which ad, chapter and player states.

Theory of operation. The events of a session, in order of processing, drive one state machine. The time between two
events belongs to what is going on *after* the first of them (Adobe, metrics overview of the Streaming Media guide:
durations are sums of the intervals between consecutive events while a state is active; they come from ``ts``, not from
the playhead).

What an event does is in the tables of :mod:`.playback_states`; this module follows the events, with their breaks, ads
and chapters. ``scope`` is ``ad`` in an ad, ``gap`` inside an ad break but outside an ad, otherwise
``main``.

Report and diagnosis read the same trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from mockserver.model.event_types import EVENTS
from mockserver.model.session import AdState, Session
from mockserver.rules.playback_states import ADS, CHAPTER, PLAYER, STATES, Player
from mockserver.rules.timeline import Item

__all__ = [
    "MOST",
    "Ad",
    "Break",
    "Chapter",
    "Player",
    "Scope",
    "State",
    "Step",
    "by_type",
    "lacks_beginning",
    "state_names",
    "trace",
]

_NOTHING: Mapping[str, Any] = {}
MOST = 10**15
"""The largest number used in calculations: JSON integers may be larger than any float."""

_Number = TypeVar("_Number", int, float)


class Scope(str, Enum):
    """What time belongs to."""

    MAIN = "main"
    GAP = "gap"
    AD = "ad"


_SCOPES: Mapping[AdState, Scope] = {"main": Scope.MAIN, "due": Scope.GAP, "ad": Scope.AD, "gap": Scope.GAP}


class Break(msgspec.Struct, frozen=True, gc=False):
    """An open ad break: its number from 1, the step that opened it, its params, the playhead and player before it."""

    number: int
    step: int
    params: Mapping[str, Any]
    playhead_s: float
    before: Player


class Ad(msgspec.Struct, frozen=True, gc=False):
    """An open ad: its number from 1, the step that opened it, its params and the number of its break."""

    number: int
    step: int
    params: Mapping[str, Any]
    break_number: int


class Chapter(msgspec.Struct, frozen=True, gc=False):
    """An open chapter: its number from 1, the step that opened it and its params."""

    number: int
    step: int
    params: Mapping[str, Any]


class State(msgspec.Struct, frozen=True, gc=False):
    """What is going on; ``on`` has the player states that are on, in lower case, with the step that turned each on."""

    player: Player = Player.STARTING
    ad_break: Break | None = None
    ad: Ad | None = None
    chapter: Chapter | None = None
    on: Mapping[str, int] = _NOTHING
    ad_state: AdState = "main"
    breaks: int = 0
    ads: int = 0
    chapters: int = 0

    @property
    def scope(self) -> Scope:
        """What time belongs to."""
        return _SCOPES[self.ad_state]


class Step(msgspec.Struct, frozen=True, gc=False):
    """One processed event.

    Args:
        n: Its place in the order of processing, from 0.
        item: The event in the journal.
        event_type: Adobe's event type.
        ts_ms: When it happened, by the player's clock.
        playhead_s: Its playhead.
        params: Its params; empty when there are none.
        qoe: Its quality of experience; empty when there is none.
        meta: Its custom metadata; empty when there is none.
        before: What was going on before it.
        after: What is going on after it.
        ignored: Why the back end ignores it; None when it does not.
        dt_s: Seconds until the next event, 0 for the last one and never negative.
    """

    n: int
    item: Item
    event_type: str
    ts_ms: int
    playhead_s: float
    params: Mapping[str, Any]
    qoe: Mapping[str, Any]
    meta: Mapping[str, Any]
    before: State
    after: State
    ignored: str | None
    dt_s: float

    @property
    def seq(self) -> int:
        """Its journal entry."""
        return self.item.seq

    def number(self, key: str) -> float | None:
        """Return a number in its params, small enough to calculate with; None when there is none."""
        value = self.params.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return max(-MOST, min(MOST, value))
        return None

    @property
    def plays_main(self) -> bool:
        """Whether main content plays from here to the next event."""
        return self.after.player is Player.PLAYING and self.after.ad_break is None


def by_type(steps: Sequence[Step], before: Mapping[str, list[Step]] = _NOTHING) -> Mapping[str, Sequence[Step]]:
    """Return the steps of every event type, in order of processing.

    Args:
        steps: The steps.
        before: Those before them, by event type; they are added to.
    """
    found: defaultdict[str, list[Step]] = defaultdict(list, before)
    for step in steps:
        found[step.event_type].append(step)
    return {event_type: of_type for event_type, of_type in found.items() if of_type}


def lacks_beginning(session: Session | None, steps: Sequence[Step]) -> bool:
    """Return whether the sessionStart is among events that were accepted but are no longer there.

    Args:
        session: The session; None when it is not known.
        steps: Its accepted events that are still there.
    """
    if session is None or session.events <= len(steps):
        return False
    return all(step.event_type != "sessionStart" for step in steps)


def trace(
    items: Sequence[Item],
    *,
    error_stops_playback: bool = False,
    void_breaks: frozenset[tuple[int, int | None]] = frozenset(),
    before: Sequence[Step] = (),
) -> list[Step]:
    """Follow the accepted events of a session, given in order of processing.

    Args:
        items: The events.
        error_stops_playback: Whether an error ends playback until the next play.
        void_breaks: The adBreakStarts to treat as if they had not been sent, by ``seq`` and ``index``.
        before: An earlier trace with the same options, to go on from the last step that is the same.
    """
    followed = [item for item in items if item.event.event_type is not None and item.event.ts_ms is not None]
    steps = list(before[: _same(before, followed)])
    state = steps[-1].after if steps else State()
    new = followed[len(steps) :]
    times_ms = [_bounded(item.event.ts_ms or 0) for item in new]
    for n, (item, ts_ms, following_ms) in enumerate(
        zip(new, times_ms, [*times_ms[1:], *times_ms[-1:]], strict=True), len(steps)
    ):
        event = item.event
        event_type, params = event.event_type or "", event.params
        playhead_s = _bounded(event.playhead_s or 0.0)
        after, ignored = state, None
        if event_type != "ping":
            after, ignored = _next(state, event_type, n, params, playhead_s, error_stops_playback)
        if event_type == "adBreakStart" and (event.seq, event.index) in void_breaks:
            after, ignored = state, "the break is never closed"
        dt_s = (following_ms - ts_ms) / 1000 if following_ms > ts_ms else 0.0
        steps.append(
            Step(
                n, item, event_type, ts_ms, playhead_s, params, event.qoe, event.meta, state, after, ignored, dt_s
            )
        )  # fmt: skip
        state = after
    return steps


def _same(before: Sequence[Step], followed: Sequence[Item]) -> int:
    """Return how many steps of an earlier trace stay the same: all but the last common one, which ends elsewhere."""
    common = min(len(before), len(followed))
    return max(next((n for n in range(common) if before[n].item is not followed[n]), common) - 1, 0)


def _bounded(number: _Number) -> _Number:
    """Return a number within the limits of calculations: JSON integers may be larger than any float."""
    return number if -MOST < number < MOST else type(number)(MOST if number > 0 else -MOST)


_FAMILIES = {name: event.family for name, event in EVENTS.items()}


def _next(
    state: State, event_type: str, n: int, params: Mapping[str, Any], playhead_s: float, error_stops: bool
) -> tuple[State, str | None]:
    match _FAMILIES.get(event_type):
        case None:
            return state, "the event type is not known"
        case "ad":
            return _next_ad(state, event_type, n, params, playhead_s)
        case "chapter":
            return _next_chapter(state, event_type, n, params)
        case "state":
            return _next_states(state, event_type, n, params)
        case _:
            player = Player.STOPPED if error_stops and event_type == "error" else PLAYER.get(event_type, state.player)
            return (state if state.player is player else replace(state, player=player)), None


def _next_chapter(state: State, event_type: str, n: int, params: Mapping[str, Any]) -> tuple[State, str | None]:
    opens = CHAPTER[state.chapter is not None].get(event_type)
    if opens is None:
        return state, "no chapter is open"
    if not opens:
        return replace(state, chapter=None), None
    number = state.chapters + 1
    return replace(state, chapter=Chapter(number, n, params), chapters=number), None


def _next_ad(
    state: State, event_type: str, n: int, params: Mapping[str, Any], playhead_s: float
) -> tuple[State, str | None]:
    ad_state, opened = ADS[state.ad_state].get(event_type), state.ad_break
    if ad_state is None:
        return state, "no ad break is open" if opened is None else "no ad is open"
    if event_type == "adBreakStart":
        number = state.breaks + 1
        before = state.player if opened is None else opened.before
        opening = Break(number, n, params, playhead_s, before)
        return replace(state, ad_state=ad_state, ad_break=opening, ad=None, breaks=number), None
    assert opened is not None
    if event_type == "adBreakComplete":
        return replace(state, ad_state=ad_state, ad_break=None, ad=None, player=opened.before), None
    if event_type == "adStart":
        number = state.ads + 1
        ad = Ad(number, n, params, opened.number)
        return replace(state, ad_state=ad_state, ad=ad, ads=number, player=PLAYER[event_type]), None
    return replace(state, ad_state=ad_state, ad=None), None


def _next_states(state: State, event_type: str, n: int, params: Mapping[str, Any]) -> tuple[State, str | None]:
    starts, ends = state_names(event_type, params)
    on = dict(state.on)
    ignored = None
    for name in starts:
        if name in on:
            ignored = f"{name} is on already"
        on.setdefault(name, n)
    for name in ends:
        if on.pop(name, None) is None:
            ignored = f"{name} is not on"
    return (state if on == state.on else replace(state, on=on)), ignored


def state_names(event_type: str, params: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the player states that an event turns on and off, in lower case as the back end reports them."""
    if event_type == "statesUpdate":
        return _names(params.get("statesStart")), _names(params.get("statesEnd"))
    names = _names([params])
    return (names, []) if STATES[event_type] else ([], names)


def _names(entries: Any) -> list[str]:
    named = (entry.get("media.state.name") for entry in entries or () if isinstance(entry, Mapping))
    return [name.lower() for name in named if isinstance(name, str)]
