"""What rules see of one session."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from msgspec.structs import replace

from mockserver.model.event_types import EVENTS
from mockserver.model.finding import Thresholds
from mockserver.model.http import HttpResponse
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase
from mockserver.model.words import Words
from mockserver.rules.diagnose.endings import was_cut_short, was_in_flight
from mockserver.rules.diagnose.intervals import (
    ENDS,
    Interval,
    Pause,
    coarse_step_s,
    counts_down,
    is_in_ms,
    odd_rate,
    pauses_of,
    played_intervals,
    played_to_s,
    plays_by_the_day,
)
from mockserver.rules.diagnose.losses import lost_of, overtaken_of, sent_again_of
from mockserver.rules.diagnose.player_clock import ClockChange, clock_changes, same_ts_runs, slight_clock_changes
from mockserver.rules.diagnose.refusals import Refusal, refusals_of
from mockserver.rules.diagnose.repetition import Repetition, may_repeat, repetition_of, retries_of
from mockserver.rules.diagnose.silences import Silence, heard_besides, silences_of
from mockserver.rules.playback import MOST, Step, by_type, lacks_beginning, trace
from mockserver.rules.stalls import stalls
from mockserver.rules.timeline import Item, processed

__all__ = [
    "FIRST_TS_MS",
    "FIRST_TS_S",
    "GONE",
    "QOE_NUMBERS",
    "QOE_SHORT_NAMES",
    "SessionTraffic",
]

T = TypeVar("T")

GONE = (404, 410)
"""The statuses that say that a session takes no more events."""

FIRST_TS_MS = 10**11
"""A smaller ``ts`` is not a time in milliseconds: it would be before 1974."""

_TURNED_AWAY = (Outcome.SESSION_CLOSED, Outcome.UNKNOWN_SESSION)

_PING_S = 10
"""Seconds between two pings outside ads (Adobe, Events: Ping)."""

_VIEWER_KEYS = ("visitor.marketingCloudUserId", "analytics.visitorId", "analytics.aid", "appInstallationId")

_NO_LIMIT = 10**9

_SHORT_LENGTH = 1.5
"""A length that playback exceeds by this much is wrong."""

FIRST_TS_S = 10**9
"""From here to :data:`FIRST_TS_MS` a ``ts`` is a time in seconds, after 2001; a smaller one counts from elsewhere."""

QOE_NUMBERS = frozenset(
    {"media.qoe.bitrate", "media.qoe.droppedFrames", "media.qoe.framesPerSecond", "media.qoe.timeToStart"}
)
"""The keys of qoeData whose values are numbers."""

QOE_SHORT_NAMES = frozenset(name.removeprefix("media.qoe.") for name in QOE_NUMBERS)
"""Their names in older documentation."""


def _is_late(step: Step) -> bool:
    return step.item.late_ms > 0


_GOES_ON = ("by_type", "is_live", "picked", "played", "quality", "steps", "timely", "ts_in_seconds")
"""What is computed of all steps and, when more events arrive, only of those that are new."""


def _itself(step: Step) -> Step:
    return step


class SessionTraffic:
    """One session.

    Args:
        stored: The session with its timeouts applied; None when a request named an id that was never issued.
        arrived: Everything posted to it in order of arrival, refused events too.
        processed: The accepted events in order of processing.
        settings: Lifetimes and report options.
        thresholds: The limits beyond which there is a finding.
        now_ms: The present time on the emulated clock.
        words: The terms of the API that received the events.
        before: The same session with fewer events and the same settings, to go on from.
    """

    def __init__(
        self,
        stored: Session | None,
        arrived: Sequence[Item],
        processed: Sequence[Item],
        settings: Settings,
        thresholds: Thresholds,
        now_ms: int,
        words: Words,
        before: SessionTraffic | None = None,
    ) -> None:
        self.stored = stored
        self.words = words
        self.arrived = arrived
        self.settings = settings
        self.thresholds = thresholds
        self.now_ms = now_ms
        self.steps: Sequence[Step] = trace(
            processed,
            error_stops_playback=settings.error_stops_playback,
            before=before.steps if before is not None else (),
        )
        self._known: Mapping[str, Any] = {} if before is None else {name: vars(before).get(name) for name in _GOES_ON}
        known_steps: Sequence[Step] = self._known.get("steps") or ()
        self._same = bisect_left(
            range(min(len(known_steps), len(self.steps))),
            True,
            key=lambda n: known_steps[n] is not self.steps[n],
        )

    def _kept(self, known: Sequence[T], last_of: Callable[[T], Step]) -> list[T]:
        """Return the beginning of what is known of fewer events: as far as it follows from steps that are the same."""
        return [*known[: bisect_left(known, self._same, key=lambda each: last_of(each).n)]]

    @cached_property
    def repetition(self) -> Repetition | None:
        """What the player sent twice."""
        if not self._may_repeat:
            return None
        return repetition_of(self.arrived, {item.seq for run in self.same_ts_runs for item in run})

    @cached_property
    def retries(self) -> Sequence[tuple[Item, Item]]:
        """The events that were processed twice because the player had no good answer to the first."""
        return retries_of(self.arrived) if self._may_repeat else ()

    @cached_property
    def _may_repeat(self) -> bool:
        return not self.is_batch and may_repeat(self.steps)

    @cached_property
    def lost(self) -> Sequence[Item]:
        """The events that a fault or a failure kept from the back end, and that were not sent again."""
        return lost_of(self.arrived, self.unaccepted)

    @cached_property
    def overtaken(self) -> Sequence[Item]:
        """The events that came too late because sessionEnd overtook them."""
        return overtaken_of(self.turned_away, (step.ts_ms for step in self.of("sessionEnd")))

    @cached_property
    def sent_again(self) -> frozenset[int]:
        """The journal entries of events that were processed at a later attempt, after an earlier one had failed."""
        return sent_again_of(self.arrived, self.unaccepted)

    @cached_property
    def deduplicated(self) -> SessionTraffic:
        """The session as if nothing had been sent twice, so that rules report only other mistakes.

        Events whose ``ts`` stands still are taken in order of arrival: Adobe documents no order for them.
        """
        repetition, retries = self.repetition, self.retries
        unsorted = sum(map(len, self.same_ts_runs)) * 2 > len(self.steps)
        if repetition is None and not unsorted and not retries:
            return self
        again = set() if repetition is None else {second.seq for _, second in repetition.pairs}
        counted_twice = {second.seq for _, second in retries}
        arrived = [item for item in self.arrived if item.seq not in again]
        in_order = [item for item in arrived if item.accepted] if unsorted else [step.item for step in self.steps]
        deduplicated = SessionTraffic(
            self.stored,
            arrived,
            [item for item in in_order if item.seq not in again and item.seq not in counted_twice],
            self.settings,
            self.thresholds,
            self.now_ms,
            self.words,
        )
        deduplicated.repetition = repetition
        deduplicated.retries = retries
        deduplicated.lacks_beginning = self.lacks_beginning
        return deduplicated

    @cached_property
    def as_sorted(self) -> Sequence[Item]:
        """The processed events as the back end would sort them if its window had no end."""
        arrived = sorted((step.item for step in self.steps), key=lambda item: (item.seq, item.index or 0))
        settings = replace(self.settings, reorder_window_s=_NO_LIMIT, reorder_window_n=_NO_LIMIT)
        return processed(arrived, settings, self.stored, self.now_ms)

    @cached_property
    def places_as_sorted(self) -> Mapping[int, int]:
        """The place of every journal entry in :attr:`as_sorted`."""
        return {item.seq: place for place, item in enumerate(self.as_sorted)}

    @cached_property
    def by_type(self) -> Mapping[str, Sequence[Step]]:
        """The steps of every event type, in order of processing."""
        known: Mapping[str, Sequence[Step]] = self._known.get("by_type") or {}
        return by_type(
            self.steps[self._same if known else 0 :],
            {event_type: self._kept(steps, _itself) for event_type, steps in known.items()},
        )

    @cached_property
    def families(self) -> frozenset[str]:
        """The families of all events that came, refused ones too."""
        names = {*self.by_type, *(item.event.event_type or "" for item in self.unaccepted)}
        return frozenset(EVENTS[name].family for name in names if name in EVENTS)

    def of(self, *event_types: str) -> Iterator[Step]:
        """Return the steps of some event types: in order of processing for one type, type by type for several."""
        for event_type in event_types:
            yield from self.by_type.get(event_type, ())

    def in_order(self, *event_types: str) -> list[Step]:
        """Return the steps of several event types in order of processing."""
        return sorted(self.of(*event_types), key=attrgetter("n"))

    def pick(self, is_wanted: Callable[[Step], bool]) -> Sequence[Step]:
        """Return the steps for which a function of nothing but the step returns true."""
        if is_wanted not in self.picked:
            known = self._known.get("picked") or {}
            kept = self._kept(known.get(is_wanted, ()), _itself)
            new = self.steps[self._same if is_wanted in known else 0 :]
            self.picked[is_wanted] = [*kept, *filter(is_wanted, new)]
        return self.picked[is_wanted]

    @cached_property
    def picked(self) -> dict[Callable[[Step], bool], Sequence[Step]]:
        """What :meth:`pick` has returned."""
        return {}

    @property
    def closed_by(self) -> ClosedBy | None:
        """What closed the session; None while it is open, or if there is none."""
        return None if self.stored is None else self.stored.closed_by

    @cached_property
    def is_closed(self) -> bool:
        """Whether the session takes no more events."""
        return self.stored is not None and self.stored.phase in (Phase.CLOSED, Phase.FORGOTTEN)

    @cached_property
    def turned_away(self) -> Sequence[Item]:
        """What was posted to the session when it took no more events."""
        return [item for item in self.unaccepted if item.record.outcome in _TURNED_AWAY]

    @cached_property
    def was_cut_short(self) -> bool:
        """Whether a test ended the session of a player that went on, by whatever means; a fault may only say so."""
        if self.turned_away:
            return was_cut_short(self.stored, self.arrived, self.turned_away)
        return bool(self.gone) and all(self.was_in_flight(item) for item in self.arrived if item.seq > self.gone[0].seq)

    def was_in_flight(self, item: Item) -> bool:
        """Return whether an event was sent in one burst with the first that was answered 404 or 410."""
        return was_in_flight(item, self.gone[0], self.steps)

    @cached_property
    def start(self) -> Step | None:
        """The sessionStart."""
        return next(self.of("sessionStart"), None)

    @cached_property
    def lacks_beginning(self) -> bool:
        """Whether the sessionStart is among events that were accepted but are no longer in the journal."""
        return lacks_beginning(self.stored, self.steps)

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """The params of the sessionStart; empty when it is not there any more."""
        return self.start.params if self.start is not None else {}

    @cached_property
    def viewer(self) -> tuple[str, ...]:
        """The ids of the viewer, as far as sent."""
        return tuple(str(self.params.get(key) or "") for key in _VIEWER_KEYS)

    @cached_property
    def is_live(self) -> bool:
        """Whether the content is live or linear, whose playhead is the second of the day."""
        return str(self.params.get("media.contentType", "")).lower() in ("live", "linear")

    @property
    def is_batch(self) -> bool:
        """Whether it is downloaded content, sent in one batch."""
        return self.stored is not None and self.stored.downloaded

    @cached_property
    def length_s(self) -> float:
        """The length of the content in seconds; 0 when it is not known."""
        return (self.start.number("media.length") or 0) if self.start is not None else 0

    @cached_property
    def quality(self) -> Mapping[str, Sequence[tuple[Step, float]]]:
        """The QoE numbers in order of processing, by their name without ``media.qoe.``.

        They are found in params and under their short names too, where settings allow these forms.
        """
        known: Mapping[str, Sequence[tuple[Step, float]]] = self._known.get("quality") or {}
        found = {name: self._kept(known.get(name, ()), itemgetter(0)) for name in QOE_SHORT_NAMES}
        by_key = {f"{prefix}{name}": numbers for name, numbers in found.items() for prefix in ("", "media.qoe.")}
        for step in self.steps[self._same if known else 0 :]:
            qoe, params = step.qoe, step.params
            for place in (qoe, params) if params and not QOE_NUMBERS.isdisjoint(params) else (qoe,):
                for key, value in place.items():
                    numbers = by_key.get(key)
                    if numbers is not None and isinstance(value, (int, float)):
                        numbers.append((step, value if -MOST <= value <= MOST else max(-MOST, min(MOST, value))))
        return found

    @cached_property
    def refused(self) -> Sequence[Item]:
        """The events that were answered 400."""
        return [item for item in self.unaccepted if item.record.outcome is Outcome.INVALID]

    @cached_property
    def refusals(self) -> Sequence[Refusal]:
        """The reasons why these events were refused."""
        return tuple(refusals_of(self.refused))

    @cached_property
    def unaccepted(self) -> Sequence[Item]:
        """What arrived and was not processed, for whatever reason, in order of arrival."""
        return [item for item in self.arrived if not item.accepted]

    @cached_property
    def gone(self) -> Sequence[Item]:
        """The events that were answered 404 or 410, by a fault too."""
        usual: HttpResponse | None = None
        found = []
        for item in self.arrived:
            response = item.record.response
            if response is not usual and response is not None:
                if response.status in GONE:
                    found.append(item)
                else:
                    usual = response
        return found

    @cached_property
    def watched(self) -> Sequence[Step]:
        """The steps up to the first sessionComplete or sessionEnd."""
        end = min((step.n for step in self.of(*ENDS)), default=len(self.steps))
        return self.steps[: end + 1]

    @cached_property
    def timely(self) -> Sequence[Step]:
        """Those of :attr:`watched` that were sorted by ``ts``, without late events, which describe an earlier state."""
        known = self._kept(self._known.get("timely") or (), _itself)
        return [*known, *(step for step in self.watched[self._same if known else 0 :] if not step.item.late_ms)]

    @property
    def is_configurable(self) -> bool:
        """Whether clients of the API can be configured with other intervals between pings."""
        least_s, most_s = self.words.ping_s
        return least_s < most_s

    @cached_property
    def ping_s(self) -> float:
        """The seconds between two pings outside ads: from the setting, else from what the client sends."""
        if not self.is_configurable:
            return _PING_S
        return self.settings.edge_ping_s or self._learnt_s(self.words.ping_s, in_ad=False) or _PING_S

    @cached_property
    def ad_ping_s(self) -> float:
        """The same inside ads."""
        return self.settings.edge_ad_ping_s or self._learnt_s(self.words.ad_ping_s, in_ad=True) or _PING_S

    def _learnt_s(self, bounds_s: tuple[float, float], *, in_ad: bool) -> float | None:
        """Return the usual seconds until a ping, within the range that clients can be set to; None without pings."""
        intervals = sorted(
            (last.ts_ms - first.ts_ms) / 1000
            for first, last in pairwise(self.timely)
            if last.event_type == "ping" and (first.after.ad is not None) is in_ad
        )
        return min(max(intervals[len(intervals) // 2], bounds_s[0]), bounds_s[1]) if intervals else None

    @property
    def silence_s(self) -> float:
        """The seconds without an event that are too long outside ads."""
        return self.ping_s + self._slack_s

    @property
    def _slack_s(self) -> float:
        return self.thresholds.ping_gap_s - _PING_S

    @cached_property
    def silences(self) -> Sequence[Silence]:
        """The periods without events that are too long; none if ``ts`` is not a time."""
        if self.ts_in_seconds or self.same_ts_runs:
            return []
        limits = self.thresholds
        long_s = limits.ping_gap_error_s if self.is_batch else None
        ad_limit_s = (
            max(limits.ad_gap_info_s, self.ad_ping_s + self._slack_s) if self.is_configurable else limits.ad_gap_info_s
        )
        silences = silences_of(
            self.timely,
            heard_besides(self.unaccepted, self.pick(_is_late)),
            limit_s=long_s or self.silence_s,
            ad_limit_s=long_s or ad_limit_s,
            ended=bool(self.watched) and self.watched[-1].event_type in ENDS,
        )
        return [each for each in silences if not self.spans_clock_change(each.first.seq, each.last.seq)]

    @cached_property
    def clock_changes(self) -> Sequence[ClockChange]:
        """Where the player's clock was set."""
        return (
            []
            if self.is_batch or self.ts_in_seconds
            else clock_changes(self.arrived, self.steps, self.thresholds.clock_set_s * 1000)
        )

    @cached_property
    def slight_clock_changes(self) -> Sequence[ClockChange]:
        """Where it may have been set by less than counts."""
        if self.is_batch or self.ts_in_seconds or self.same_ts_runs:
            return []
        return slight_clock_changes(self.arrived, self.steps, self.thresholds.clock_set_s * 1000)

    @cached_property
    def with_one_clock(self) -> Sequence[Item]:
        """The processed events in order, as if the player's clock had not been set."""
        changes = sorted((*self.clock_changes, *self.slight_clock_changes), key=lambda change: change.after.seq)
        items = []
        by_ms, passed = 0, 0
        for item in sorted((step.item for step in self.steps), key=lambda item: item.seq):
            while passed < len(changes) and changes[passed].after.seq <= item.seq:
                by_ms += changes[passed].by_ms
                passed += 1
            event = replace(item.event, ts_ms=(item.ts_ms or 0) - by_ms) if by_ms else item.event
            items.append(replace(item, event=event, late_ms=0, provisional=False))
        return processed(items, self.settings, self.stored, self.now_ms)

    @cached_property
    def same_ts_runs(self) -> Sequence[Sequence[Item]]:
        """The runs of events whose ``ts`` stood still while time went on."""
        return [] if self.is_batch else same_ts_runs(self.arrived, self.steps)

    def spans_clock_change(self, first_seq: int, last_seq: int) -> bool:
        """Return whether the player's clock was set between two entries, so that their ``ts`` cannot be compared."""
        changes = self.clock_changes  # in order
        n = bisect_left(changes, first_seq, key=lambda change: change.before.seq)
        return n < len(changes) and changes[n].after.seq <= last_seq

    def is_set_back(self, item: Item) -> bool:
        """Return whether an event came after the player's clock had been set back, so that it only seems late."""
        return self._set_back_seq is not None and self._set_back_seq <= item.seq

    @cached_property
    def _set_back_seq(self) -> int | None:
        """The first entry after the player's clock had been set back."""
        return min((change.after.seq for change in self.clock_changes if change.by_ms < 0), default=None)

    @cached_property
    def played(self) -> Sequence[Interval]:
        """The main content that was played, from event to event; empty if ``ts`` is not a time."""
        if self.ts_in_seconds:
            return []
        known = self._kept(self._known.get("played") or (), attrgetter("last"))
        if not known or self._known.get("is_live") is not self.is_live:
            return played_intervals(self.timely, is_live=self.is_live)
        following = bisect_left(self.timely, known[-1].last.n, key=attrgetter("n"))
        return [*known, *played_intervals(self.timely[following:], is_live=self.is_live)]

    @cached_property
    def stalls(self) -> Sequence[Sequence[Step]]:
        """The events of each stall; none if ``ts`` is not a time."""
        if self.ts_in_seconds:
            return []
        return [self.steps[first:end] for first, end in stalls(self.watched, self.thresholds.frozen_s)]

    @cached_property
    def coarse_step_s(self) -> float | None:
        """The size of the steps in which the playhead moves, if it changes only in large steps."""
        return coarse_step_s(self.played, len(self.stalls), self.thresholds.frozen_s)

    @cached_property
    def pauses(self) -> Sequence[Pause]:
        """The pauses and buffers of the main content."""
        return pauses_of(self.watched)

    @cached_property
    def ts_in_seconds(self) -> bool:
        """Whether any ``ts`` counts seconds since 1970, so that times cannot be compared."""
        new = self.steps[self._same if self._known.get("ts_in_seconds") is False else 0 :]
        return any(FIRST_TS_S <= step.ts_ms < FIRST_TS_MS for step in new)

    @cached_property
    def playhead_in_ms(self) -> bool:
        """Whether the playhead counts milliseconds, so that no other rule can use it."""
        top_s = 0 if self.is_live else max((step.playhead_s for step in self.watched), default=0)
        return is_in_ms(self.played, top_s, self.length_s)

    @cached_property
    def length_is_short(self) -> bool:
        """Whether content on demand plays on far beyond its length, so that the length is useless."""
        if self.is_live or self.length_s <= 0 or self.plays_by_the_day:
            return False
        played_s = played_to_s(self.played)
        return played_s is not None and played_s > _SHORT_LENGTH * self.length_s

    @cached_property
    def plays_by_the_day(self) -> bool:
        """Whether the playhead is the second of the day in UTC, or the time since 1970, whatever is declared."""
        return plays_by_the_day(self.played, self.thresholds.timezone_s)

    @cached_property
    def opening_s(self) -> float | None:
        """Where playback really begins; None without a play on main content.

        SDKs send 0 with sessionStart and the first play, and the position with another play soon after.
        """
        plays = [step for step in self.of("play") if step.plays_main]
        if not plays:
            return None
        until_ms = plays[0].ts_ms + self.thresholds.content_start_s * 1000
        return next((step.playhead_s for step in reversed(plays) if step.ts_ms <= until_ms), plays[0].playhead_s)

    @cached_property
    def counts_down(self) -> bool:
        """Whether the playhead is the remaining time, so that no other rule can use it."""
        return counts_down(self.played)

    @cached_property
    def odd_rate(self) -> float | None:
        """The rate of the playhead through the session if no player plays at such a rate, else None."""
        return None if self.playhead_in_ms or self.coarse_step_s is not None else odd_rate(self.played)
