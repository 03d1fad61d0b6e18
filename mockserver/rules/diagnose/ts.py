"""Rules about ``playerTime.ts``: its form, and the player's clock from which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.refusals import refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import FIRST_TS_MS, FIRST_TS_S, SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, number, quoted, seqs_of
from mockserver.rules.playback import MOST, Step, state_names

__all__ = ["RULES"]

_PLAYER = frozenset({"play", "pauseStart", "bufferStart"})


def _seconds(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [item for item in session.arrived if (ts_ms := item.event.ts_ms) is not None and ts_ms < FIRST_TS_MS]
    if not wrong:
        return
    ts_ms = wrong[0].ts_ms or 0
    meant = "which is in seconds" if ts_ms >= FIRST_TS_S else "which does not count from 1970"
    yield Hit(
        seqs_of(*wrong),
        f"{wrong[0].event_type} has the ts {quoted(ts_ms)}, {meant}; send milliseconds since 1970 UTC, as Date.now() "
        "returns them.",
    )


def _ties(session: SessionTraffic) -> list[list[Step]]:
    """Return the groups of neighbours with one ts. A sessionStart is never sorted, so its ts ties with nothing."""
    groups: list[list[Step]] = []
    previous: Step | None = None
    for step in session.steps:
        if previous is not None and step.ts_ms == previous.ts_ms and step.event_type != "sessionStart":
            if groups and groups[-1][-1] is previous:
                groups[-1].append(step)
            elif previous.event_type != "sessionStart":
                groups.append([previous, step])
        previous = step
    return groups


def _is_contradictory(group: Sequence[Step]) -> bool:
    """Return whether the state of playback after events with one ts depends on their order.

    Events that open or close something have only one order that makes sense. Two changes of the player do not, nor
    does a player state that is switched on and off.
    """
    if len({step.event_type for step in group if step.event_type in _PLAYER}) > 1:
        return True
    on: set[str] = set()
    off: set[str] = set()
    for step in group:
        if step.event_type in ("stateStart", "stateEnd", "statesUpdate"):
            starts, ends = state_names(step.event_type, step.params)
            on.update(starts)
            off.update(ends)
    return bool(on & off)


def _equal(session: SessionTraffic) -> Iterator[Hit]:
    if session.is_batch or session.same_ts_runs:
        return
    ties = _ties(session)
    bad = [group for group in ties if _is_contradictory(group)]
    for group in bad:
        yield Hit(
            seqs_of(*group),
            f"{listed([step.event_type for step in group])} have the same ts, and what the player does afterwards "
            "depends on their order; give every event a ts at least 1 ms after the previous one.",
            Severity.WARNING,
        )
    harmless = [step for group in ties if group not in bad for step in group]
    if harmless:
        yield Hit(
            seqs_of(*harmless),
            f"{counted(len(harmless), 'event')} have the ts of the previous or next one; give every event a ts at "
            "least 1 ms after the previous one.",
        )


_FASTER = 10
"""A queue is sent at least this many times as fast as it was filled."""

_HALF_HOUR_MS = 1_800_000
_MOST_HOURS = 14
"""The largest difference of any time zone from UTC."""


def _skew(session: SessionTraffic) -> Iterator[Hit]:
    limit_ms = session.thresholds.skew_s * 1000
    if session.is_batch or session.ts_in_seconds or not session.steps:
        return
    nearest: int | None = None
    for step in session.steps:
        ahead_ms = step.ts_ms - step.item.record.at_ms
        if abs(ahead_ms) <= limit_ms or step.ts_ms < FIRST_TS_MS:
            return
        if nearest is None or abs(ahead_ms) < abs(nearest):
            nearest = ahead_ms
    if nearest is not None:
        where = "ahead of" if nearest > 0 else "behind"
        hours = _whole_hours(nearest, session.thresholds.timezone_s * 1000)
        if hours is not None:
            text = (
                f"Every ts is {number(hours)} h {where} the clock of the server, to within "
                f"{number(session.thresholds.timezone_s)} s, like local time sent as UTC; send milliseconds since 1970 "
                "UTC, as Date.now() returns them in every time zone."
            )
        else:
            queued = ", unless all events waited in a queue" if nearest < 0 and _came_at_once(session) else ""
            text = (
                f"Every ts is at least {number(abs(nearest) / 1000)} s {where} the clock of the server; read ts from a "
                f"correctly set clock, at the moment of the event{queued}."
            )
        yield Hit(seqs_of(*session.steps), text)


def _came_at_once(session: SessionTraffic) -> bool:
    """Return whether the events arrived in much less time than they took to happen, like those of a queue."""
    happened_ms = [step.ts_ms for step in session.steps]
    arrived_ms = [step.item.record.at_ms for step in session.steps]
    return (max(arrived_ms) - min(arrived_ms)) * _FASTER < max(happened_ms) - min(happened_ms)


def _whole_hours(ahead_ms: int, tolerance_ms: float) -> float | None:
    """Return by how many hours a clock is off if a time zone may be the reason; some zones differ by half an hour."""
    halves = round(abs(ahead_ms) / _HALF_HOUR_MS)
    is_near = abs(abs(ahead_ms) - halves * _HALF_HOUR_MS) <= tolerance_ms
    return halves / 2 if is_near and 1 <= halves <= 2 * _MOST_HOURS else None


def _clock_set(session: SessionTraffic) -> Iterator[Hit]:
    for change in session.clock_changes:
        before, after, by_ms = change
        took_s = (after.record.at_ms - before.record.at_ms) / 1000
        by_s = min(abs(by_ms), MOST) / 1000
        effect = "that much is added to the durations" if by_ms > 0 else "no time is counted until ts has caught up"
        yield Hit(
            seqs_of(before, after),
            f"The player's clock was set {'forward' if by_ms > 0 else 'back'} by {number(by_s)} s between "
            f"{before.event_type or 'event'} and {after.event_type or 'event'}, which arrived {number(took_s)} s "
            f"apart, and {effect}; read the clock once, and then add the time of a monotonic clock such as "
            "performance.now().",
        )
    for sooner, way, faster in (("sooner", "forward", "faster"), ("later", "back", "slower")):
        slight = [change for change in session.slight_clock_changes if (change.by_ms > 0) == (way == "forward")]
        if slight:
            before, after, by_ms = slight[0]
            again = f", and {counted(len(slight) - 1, 'more change')} like it followed" if len(slight) > 1 else ""
            yield Hit(
                seqs_of(*(item for change in slight for item in (change.before, change.after))),
                f"From {after.event_type or 'event'} on, events arrived {number(abs(by_ms) / 1000)} s {sooner} after "
                f"their ts than up to {before.event_type or 'event'}, as when the player's clock is set {way}{again}; "
                f"no change is needed if the network became {faster} then.",
                Severity.INFO,
            )


def _stands_still(session: SessionTraffic) -> Iterator[Hit]:
    runs = session.same_ts_runs
    if not runs:
        return
    longest = max(runs, key=lambda run: run[-1].record.at_ms - run[0].record.at_ms)
    took_s = (longest[-1].record.at_ms - longest[0].record.at_ms) / 1000
    more = f", and {counted(len(runs) - 1, 'more run')} of such events followed" if len(runs) > 1 else ""
    yield Hit(
        seqs_of(*(item for run in runs for item in run)),
        f"{len(longest)} events that arrived over {number(took_s)} s have the same ts, {longest[0].ts_ms}{more}; read "
        "the clock for every event.",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "ts.seconds",
        Severity.ERROR,
        "a ts below 100,000,000,000",
        "All durations are a thousandth of the real ones, or the session is reported in 1970.",
        "Adobe, Media Collection API: Sessions request (ts is in milliseconds)",
        _seconds,
        dialects=("collection",),
    ),
    Rule(
        "ts.not-integer",
        Severity.ERROR,
        "a ts that is a string or has decimals",
        "400: the event is lost.",
        "Adobe, Media Collection API: Validating event requests",
        claims=refused_at("playerTime", "ts", rule="type"),
        dialects=("collection",),
    ),
    Rule(
        "ts.equal",
        Severity.INFO,
        "consecutive events with the same ts; a warning if what the player does afterwards depends on their order: "
        "that of play, pauseStart and bufferStart, or of stateStart and stateEnd",
        "The order in which they are processed is undefined.",
        "Adobe, Media Collection API: Controlling the order of events",
        _equal,
        "only info for bursts with one sensible order, which Adobe's SDKs send all the time; sessionStart, which is "
        "not sorted; downloaded content, which keeps its order",
    ),
    Rule(
        "ts.skew",
        Severity.WARNING,
        "every ts of a session is more than 5 minutes off the clock of the server",
        "The session is reported at the wrong time, perhaps on another day and in another visit.",
        "our reading: Adobe documents no comparison of ts with the time of arrival",
        _skew,
        "single events that waited in a queue; downloaded content",
    ),
    Rule(
        "ts.stands-still",
        Severity.ERROR,
        "at least 3 events with one ts that arrive over at least 5 s, or 3 pairs of such events",
        "Every duration is 0 while ts stands still.",
        "Adobe, Media Collection API: Sessions request (ts is the time of the event)",
        _stands_still,
        "bursts of an SDK; events sent again because their answer was lost; a server clock that is frozen or follows "
        "ts",
    ),
    Rule(
        "ts.clock-set",
        Severity.ERROR,
        "the difference between ts and the time of arrival is steady, changes by at least 30 s from one event to the "
        "next, and is steady again; info from 1 s on, if it is steady to a quarter of a second",
        "Durations are wrong by as much as the clock was set, or nothing is counted until ts has caught up.",
        "our reading: durations come from ts (Adobe, metrics overview)",
        _clock_set,
        "events that waited in a queue; time that passes on both clocks; a server clock that is frozen, moved forward "
        "or follows ts",
    ),
)
