"""Rules about pings that come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import QOE_NUMBERS, Case, Hit, Rule, TrafficRule
from mockserver.rules.diagnose.motion import ENDS
from mockserver.rules.diagnose.reasons import Refusal
from mockserver.rules.diagnose.refusals import BodyRule, of_sessions, of_traffic
from mockserver.rules.diagnose.wording import counted, number, quoted, seqs_of

__all__ = ["BODY_RULES", "RULES", "TRAFFIC_RULES"]


_STORM = 20
"""So many pings that come too fast are no race of two timers."""


def _too_fast(case: Case) -> Iterator[Hit]:
    limit_ms = case.thresholds.too_fast_s * 1000
    if case.ts_in_seconds or case.standing:
        return
    pairs = [
        (first, last)
        for first, last in pairwise(case.of("ping"))
        if 0 <= last.ts_ms - first.ts_ms < limit_ms and first.item.record.body != last.item.record.body
    ]
    if pairs:
        fastest_ms = min(last.ts_ms - first.ts_ms for first, last in pairs)
        yield Hit(
            seqs_of(*(step for pair in pairs for step in pair)),
            f"{counted(len(pairs), 'ping')} came less than {number(case.thresholds.too_fast_s)} s after the one "
            f"before, as little as {fastest_ms} ms; send a ping every 10 s, and every second in ads at most.",
            Severity.WARNING if len(pairs) >= _STORM else None,
        )


def _immediate(case: Case) -> Iterator[Hit]:
    start, ping = case.start, next(case.of("ping"), None)
    if start is None or ping is None or case.ts_in_seconds or case.standing:
        return
    after_ms = ping.ts_ms - start.ts_ms
    if 0 <= after_ms < case.thresholds.immediate_ping_s * 1000:
        yield Hit(
            seqs_of(start, ping),
            f"The first ping came {after_ms} ms after sessionStart; send it after 10 s, or after 1 s in a pre-roll.",
        )


def _during_complete(case: Case) -> Iterator[Hit]:
    if not case.watched or case.watched[-1].event_type not in ENDS or case.ts_in_seconds or case.clock_sets:
        return
    end = case.watched[-1]
    last_ms = end.ts_ms + case.thresholds.trailing_ping_s * 1000
    pings = [step for step in case.of("ping") if step.ts_ms > last_ms]
    refused = [
        item
        for item in case.unaccepted
        if item.event_type == "ping" and item.ts_ms is not None and item.ts_ms > last_ms
    ]
    if pings or refused:
        yield Hit(
            seqs_of(end, *pings, *refused),
            f"{counted(len(pings) + len(refused), 'ping')} came more than {number(case.thresholds.trailing_ping_s)} s "
            f"after {end.event_type}; stop the ping timer of the player there.",
        )


def _is_of_ping(refusal: Refusal) -> bool:
    is_param = refusal.rule == "additionalProperties" and refusal.path[:1] == ("params",)
    return is_param and refusal.item.event_type == "ping" and refusal.path[-1] not in QOE_NUMBERS


def _params(case: Case) -> Iterator[Hit]:
    wrong = [step for step in case.of("ping") if step.params]
    if wrong:
        yield Hit(
            seqs_of(*wrong),
            f"{counted(len(wrong), 'ping')} had params, such as {quoted(wrong[0].params)}; send only eventType "
            "and playerTime, and qoeData when it changed.",
        )


BODY_RULES: tuple[BodyRule, ...] = (
    BodyRule(
        "ping.params",
        Severity.INFO,
        "a ping with params; an error where it was answered 400",
        "400, or ignored.",
        "Adobe, Events: Ping",
        _is_of_ping,
        "an empty object, which clients send",
        _params,
        dialects=("collection",),
    ),
)


RULES: tuple[Rule, ...] = (
    Rule(
        "ping.too-fast",
        Severity.INFO,
        "a ping less than 0.5 s after the one before; a warning when 20 or more come like that",
        "Requests without use.",
        "our reading: no page asks for more than one ping a second",
        _too_fast,
        "the same ping sent again, which is http.retry-storm",
    ),
    Rule(
        "ping.immediate",
        Severity.INFO,
        "the first ping less than 1 s after sessionStart",
        "None in the reports; the timer runs wrong.",
        "Adobe, Media Collection API: Timelines; source of THEOplayer's Kotlin connector",
        _immediate,
    ),
    Rule(
        "ping.during-complete",
        Severity.INFO,
        "pings more than 30 s after sessionComplete or sessionEnd",
        "A timer leaks; after sessionEnd every ping is answered 410.",
        "our reading of Adobe, Session complete, which allows pings after it",
        _during_complete,
        "pings within 30 s, which Adobe's page expects",
    ),
    *of_sessions(BODY_RULES),
)

TRAFFIC_RULES: tuple[TrafficRule, ...] = of_traffic(BODY_RULES)
