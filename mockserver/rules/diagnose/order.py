"""Rules about the order of events."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.ordering import is_ranked
from mockserver.rules.playback import Step
from mockserver.rules.timeline import Item

__all__ = ["RULES"]

_ORDER_PAGE = "Adobe, Media Collection API: Controlling the order of events"
_MOST_MS = 10**15
_IN_ORDER = "send every event as soon as it happens, in order"
_SENT_AGAIN = "no change is needed, because it was sent again after an attempt that had failed"


def _late(session: SessionTraffic) -> Iterator[Hit]:
    limit_ms, error_ms = session.thresholds.late_s * 1000, session.thresholds.late_error_s * 1000
    late = [step for step in session.steps if step.item.late_ms > limit_ms and not session.is_set_back(step.item)]
    if late and session.start is not None:
        opened_ms = session.start.ts_ms
        late = [step for step in late if step.ts_ms >= opened_ms]
    at_first = [step for step in late if step.seq not in session.sent_again]
    for severity, steps, advice in (
        (Severity.WARNING, [step for step in at_first if step.item.late_ms <= error_ms], _IN_ORDER),
        (Severity.ERROR, [step for step in at_first if step.item.late_ms > error_ms], _IN_ORDER),
        (Severity.INFO, [step for step in late if step.seq in session.sent_again], _SENT_AGAIN),
    ):
        if steps:
            worst = max(steps, key=lambda step: step.item.late_ms)
            yield Hit(
                seqs_of(*steps),
                f"{counted(len(steps), 'event')} arrived too late to be sorted by ts, {worst.event_type} by "
                f"{number(min(worst.item.late_ms, _MOST_MS) / 1000)} s; {advice}.",
                severity,
            )


def _window(session: SessionTraffic) -> Iterator[Hit]:
    late = {step.seq for step in session.steps if step.item.late_ms and not session.is_set_back(step.item)}
    if late:
        late -= session.sent_again
    if not late or session.is_batch:
        return
    window_ms, window_n = session.settings.reorder_window_s * 1000, session.settings.reorder_window_n
    arrived = [
        item
        for item in session.arrived
        if item.accepted and item.ts_ms is not None and item.event_type not in ("sessionStart", None)
    ]
    overtaken: list[Item] = []
    first = 0
    youngest_before_ms: int | None = None
    for place, item in enumerate(arrived):
        while first < place and item.record.at_ms - arrived[first].record.at_ms >= window_ms:
            ts_ms = arrived[first].ts_ms or 0
            youngest_before_ms = ts_ms if youngest_before_ms is None else max(youngest_before_ms, ts_ms)
            first += 1
        in_time = youngest_before_ms is None or youngest_before_ms <= (item.ts_ms or 0)
        if item.seq in late and in_time and place - first >= window_n:
            later = (other for other in reversed(arrived[first:place]) if (other.ts_ms or 0) > (item.ts_ms or 0))
            if sum(1 for _ in islice(later, window_n)) == window_n:
                overtaken.append(item)
    if overtaken:
        yield Hit(
            seqs_of(*overtaken),
            f"{counted(len(overtaken), 'event')} arrived after {window_n} or more later ones had arrived within "
            f"{number(session.settings.reorder_window_s)} s, the first of them {overtaken[0].event_type}; send events "
            "in the order of their ts, and fewer at a time.",
        )


def _parallel(session: SessionTraffic) -> Iterator[Hit]:
    """Find events whose order was left to chance: barely late ones, and those of one ts that two windows separate."""
    if session.is_batch or session.same_ts_runs:
        return
    limit_ms, start = session.thresholds.late_s * 1000, session.start
    late = [
        step
        for step in session.steps
        if 0 < step.item.late_ms <= limit_ms
        and not session.is_set_back(step.item)
        and (start is None or step.ts_ms >= start.ts_ms)
    ]
    if late:
        worst = max(late, key=lambda step: step.item.late_ms)
        yield Hit(
            seqs_of(*late),
            f"{counted(len(late), 'event')} arrived just too late to be sorted by ts, {worst.event_type} by "
            f"{number(worst.item.late_ms / 1000)} s, as when requests overlap; to be sure of the order, send an event "
            "when the previous one is answered.",
        )
    split = [
        (first, second)
        for first, second in pairwise(session.steps)
        if first.ts_ms == second.ts_ms and _are_split(session, first, second)
    ]
    if split:
        first, second = split[0]
        more = f", and so were {counted(len(split) - 1, 'more pair')}" if len(split) > 1 else ""
        yield Hit(
            seqs_of(*(step for pair in split for step in pair)),
            f"{second.event_type} and {first.event_type} have the same ts, and were processed in the order in which "
            f"they arrived because one window of sorting ended between them{more}; to be sure of the order, give every "
            "event a ts at least 1 ms after the previous one.",
        )


def _are_split(session: SessionTraffic, first: Step, second: Step) -> bool:
    """Return whether two neighbours of one ts would be the other way round if both were in one window."""
    if "sessionStart" in (first.event_type, second.event_type):
        return False
    if is_ranked(first.event_type, second.event_type) or first.item.late_ms or second.item.late_ms:
        return False
    places = session.places_as_sorted
    return places[second.seq] < places[first.seq]


def _before_session(session: SessionTraffic) -> Iterator[Hit]:
    start = session.start
    if start is None:
        return
    early = [step for step in session.steps if step.ts_ms < start.ts_ms and not session.is_set_back(step.item)]
    if early:
        ahead_s = (start.ts_ms - min(step.ts_ms for step in early)) / 1000
        yield Hit(
            seqs_of(start, *early),
            f"{counted(len(early), 'event')} {'has' if len(early) == 1 else 'have'} a ts up to {number(ahead_s)} s "
            "before that of sessionStart; send sessionStart before any other event, even those of a pre-roll.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "order.late",
        Severity.WARNING,
        "a ts more than 1 s older than that of the latest event already processed; an error from 5 s on",
        "It is processed out of order: durations, and what was playing, are wrong.",
        _ORDER_PAGE,
        _late,
        "events before sessionStart, which is order.before-session; only info for an event sent again after an attempt "
        "that had failed",
    ),
    Rule(
        "order.window",
        Severity.WARNING,
        "an older event that arrives after 10 or more later ones within 5 seconds",
        "It is processed out of order: durations, and what was playing, are wrong.",
        _ORDER_PAGE,
        _window,
        "an event overtaken by fewer, which happened to be the eleventh in a window: order.late or order.parallel",
    ),
    Rule(
        "order.parallel",
        Severity.INFO,
        "an event up to 1 s too late to be sorted by ts, or two events with one ts of which the second arrived when "
        "the first had been processed",
        "What happens depends on chance: it is processed out of order.",
        f"{_ORDER_PAGE}; recordings of MediaSDK JS and Chromecast, which send three requests at a time",
        _parallel,
        "requests that overlapped but were sorted: the journal records when a request was processed, not how long it "
        "was on its way",
    ),
    Rule(
        "order.before-session",
        Severity.WARNING,
        "a ts before that of sessionStart",
        "Time before sessionStart is not counted.",
        "recordings of THEOplayer's connector, which queues a whole pre-roll",
        _before_session,
    ),
)
