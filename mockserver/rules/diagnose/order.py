"""Rules about the form of ``playerTime.ts`` and the order of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import FIRST_TS_MS, FIRST_TS_S, Case, Hit, Rule, TrafficRule
from mockserver.rules.diagnose.reasons import Refusal
from mockserver.rules.diagnose.refusals import BodyRule, of_sessions, of_traffic
from mockserver.rules.diagnose.wording import counted, listed, number, quoted, seqs_of
from mockserver.rules.playback import Step, state_names
from mockserver.rules.timeline import Item

__all__ = ["BODY_RULES", "RULES", "TRAFFIC_RULES"]

_ORDER_PAGE = "Adobe, Media Collection API: Controlling the order of events"
_MOST_MS = 10**15
_PLAYER = frozenset({"play", "pauseStart", "bufferStart"})


def _seconds(case: Case) -> Iterator[Hit]:
    wrong = [item for item in case.arrived if item.ts_ms is not None and item.ts_ms < FIRST_TS_MS]
    if not wrong:
        return
    ts_ms = wrong[0].ts_ms or 0
    meant = "which is in seconds" if ts_ms >= FIRST_TS_S else "which does not count from 1970"
    yield Hit(
        seqs_of(*wrong),
        f"{wrong[0].event_type} has the ts {quoted(ts_ms)}, {meant}; send milliseconds since 1970 UTC, as "
        "Date.now() gives them.",
    )


def _not_integer(refusal: Refusal) -> bool:
    return refusal.path == ("playerTime", "ts") and refusal.rule == "type"


def _ties(case: Case) -> list[list[Step]]:
    """Return the groups of neighbours with one ts. A sessionStart is never sorted, so its ts ties with nothing."""
    groups: list[list[Step]] = []
    previous: Step | None = None
    for step in case.steps:
        if previous is not None and step.ts_ms == previous.ts_ms and step.event_type != "sessionStart":
            if groups and groups[-1][-1] is previous:
                groups[-1].append(step)
            elif previous.event_type != "sessionStart":
                groups.append([previous, step])
        previous = step
    return groups


def _is_contradictory(group: Sequence[Step]) -> bool:
    """Tell whether it depends on the order what is going on after events with one ts.

    What opens or closes something has one order that makes sense. Two changes of the player have not, nor has a
    player state that goes on and off.
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


def _equal(case: Case) -> Iterator[Hit]:
    if case.is_batch or case.standing:
        return
    ties = _ties(case)
    bad = [group for group in ties if _is_contradictory(group)]
    for group in bad:
        yield Hit(
            seqs_of(*group),
            f"{listed([step.event_type for step in group])} have one ts, and it depends on their order what the player "
            "does after them; give every event a ts at least 1 ms after the one before.",
            Severity.WARNING,
        )
    harmless = [step for group in ties if group not in bad for step in group]
    if harmless:
        yield Hit(
            seqs_of(*harmless),
            f"{counted(len(harmless), 'event')} share a ts with a neighbour; give every event a ts at least 1 ms after "
            "the one before.",
        )


def _late(case: Case) -> Iterator[Hit]:
    limit_ms, error_ms = case.thresholds.late_s * 1000, case.thresholds.late_error_s * 1000
    late = [step for step in case.steps if step.item.late_ms > limit_ms and not case.is_set_back(step.item)]
    if late and case.start is not None:
        opened_ms = case.start.ts_ms
        late = [step for step in late if step.ts_ms >= opened_ms]
    for severity, steps in (
        (Severity.WARNING, [step for step in late if step.item.late_ms <= error_ms]),
        (Severity.ERROR, [step for step in late if step.item.late_ms > error_ms]),
    ):
        if steps:
            worst = max(steps, key=lambda step: step.item.late_ms)
            yield Hit(
                seqs_of(*steps),
                f"{counted(len(steps), 'event')} came too late to be sorted by ts, {worst.event_type} by "
                f"{number(min(worst.item.late_ms, _MOST_MS) / 1000)} s; send every event at once, one after the other.",
                severity,
            )


def _window(case: Case) -> Iterator[Hit]:
    late = {step.seq for step in case.steps if step.item.late_ms and not case.is_set_back(step.item)}
    if not late or case.is_batch:
        return
    window_ms, window_n = case.settings.reorder_window_s * 1000, case.settings.reorder_window_n
    arrived = [
        item
        for item in case.arrived
        if item.accepted and item.ts_ms is not None and item.event_type not in ("sessionStart", None)
    ]
    overtaken: list[Item] = []
    first = 0
    youngest_before_ms: int | None = None
    for place, item in enumerate(arrived):
        while item.record.at_ms - arrived[first].record.at_ms >= window_ms:
            ts_ms = arrived[first].ts_ms or 0
            youngest_before_ms = ts_ms if youngest_before_ms is None else max(youngest_before_ms, ts_ms)
            first += 1
        in_time = youngest_before_ms is None or youngest_before_ms <= (item.ts_ms or 0)
        if item.seq in late and in_time and place - first >= window_n:
            overtaken.append(item)
    if overtaken:
        yield Hit(
            seqs_of(*overtaken),
            f"{counted(len(overtaken), 'event')} came after more than {window_n} younger ones had arrived within "
            f"{number(case.settings.reorder_window_s)} s, the first of them {overtaken[0].event_type}; send events in "
            "the order of their ts, and fewer at a time.",
        )


def _before_session(case: Case) -> Iterator[Hit]:
    start = case.start
    if start is None:
        return
    early = [step for step in case.steps if step.ts_ms < start.ts_ms and not case.is_set_back(step.item)]
    if early:
        ahead_s = (start.ts_ms - min(step.ts_ms for step in early)) / 1000
        yield Hit(
            seqs_of(start, *early),
            f"{counted(len(early), 'event')} have a ts up to {number(ahead_s)} s before that of sessionStart; open the "
            "session before anything else, pre-rolls too.",
        )


BODY_RULES: tuple[BodyRule, ...] = (
    BodyRule(
        "ts.not-integer",
        Severity.ERROR,
        "a ts that is a string or has decimals",
        "400: the event is lost.",
        "Adobe, Media Collection API: Validating event requests",
        _not_integer,
        dialects=("collection",),
    ),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "ts.seconds",
        Severity.ERROR,
        "a ts below 100,000,000,000",
        "All durations are a thousandth of what they were, or lie in 1970.",
        "Adobe, Media Collection API: Sessions request (ts is in milliseconds)",
        _seconds,
        dialects=("collection",),
    ),
    *of_sessions(BODY_RULES),
    Rule(
        "ts.equal",
        Severity.INFO,
        "neighbours with one ts; a warning when the order of play, pauseStart and bufferStart, or of stateStart and "
        "stateEnd, decides what is going on afterwards",
        "The order in which they are processed is undefined.",
        _ORDER_PAGE,
        _equal,
        "a note only for bursts that have one sensible order: Adobe's SDKs send them all the time; sessionStart, which "
        "is not sorted; downloaded content, which keeps its order",
    ),
    Rule(
        "order.late",
        Severity.WARNING,
        "more than 1 s of ts older than the youngest event already processed; an error from 5 s on",
        "It is not sorted in any more: durations and what is playing are wrong.",
        _ORDER_PAGE,
        _late,
        "events before sessionStart, which have their own finding",
    ),
    Rule(
        "order.window",
        Severity.WARNING,
        "an older event after more than 10 within 5 seconds",
        "It is not sorted in any more: durations and what is playing are wrong.",
        _ORDER_PAGE,
        _window,
    ),
    Rule(
        "order.before-session",
        Severity.WARNING,
        "a ts before that of sessionStart",
        "The step back from sessionStart counts as no time, and what came before it belongs to no session.",
        "recordings of THEOplayer's connector, which queues a whole pre-roll",
        _before_session,
    ),
)

TRAFFIC_RULES: tuple[TrafficRule, ...] = of_traffic(BODY_RULES)
