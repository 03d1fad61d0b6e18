"""Rules about pings, and about silences, in which neither pings nor other events come.

A ping is due every 10 seconds whatever else is sent (Adobe, "Ping"), but Adobe's SDKs restart their timer at every
change of the player. So every event ends a silence, not only a ping.

The finding depends on where the silence is: inside an ad, it is a gap in the ad; in a pause without any ping, the pings
stopped; anywhere else, it is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.intervals import ENDS
from mockserver.rules.diagnose.refusals import Refusal
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import QOE_NUMBERS, SessionTraffic
from mockserver.rules.diagnose.silences import Silence
from mockserver.rules.diagnose.wording import counted, number, quoted, seqs_of, were

__all__ = ["RULES"]

_PING_PAGE = "Adobe, Events: Ping"


def _pingless(session: SessionTraffic) -> set[int]:
    """Return the numbers of the steps in pauses and buffers without any ping."""
    return {
        step.n
        for pause in session.pauses
        if not any(step.event_type == "ping" for step in pause.inside)
        for step in (pause.start, *pause.inside)
    }


def _hit(silences: Sequence[Silence], what: str, advice: str, severity: Severity | None = None) -> Iterator[Hit]:
    """Make one hit of all silences of one kind: it names the longest, and how many more there are."""
    if not silences:
        return
    worst = max(silences, key=lambda silence: silence.seconds)
    more = f", with {counted(len(silences) - 1, 'more such gap')}" if len(silences) > 1 else ""
    seqs = sorted({heard.seq for silence in silences for heard in (silence.first, silence.last)})
    yield Hit(
        tuple(seqs),
        f"{what} nothing was sent for {number(worst.seconds)} s between {worst.first.event_type} and "
        f"{worst.last.event_type}{more}; {advice}.",
        severity,
    )


def _main(session: SessionTraffic, *, pingless: bool) -> list[Silence]:
    """Return the silences outside ads: either those in pauses without a ping, or all others."""
    silences = [silence for silence in session.silences if silence.step.after.ad is None]
    if not silences:
        return []
    numbers = _pingless(session)
    return [silence for silence in silences if (silence.step.n in numbers) is pingless]


def _gap(session: SessionTraffic) -> Iterator[Hit]:
    silences = _main(session, pingless=False)
    if session.is_batch:
        yield from _hit(silences, "In downloaded content", "record a ping every 50 s")
        return
    limits = session.thresholds
    short = [silence for silence in silences if silence.seconds <= limits.ping_gap_error_s]
    long = [silence for silence in silences if limits.ping_gap_error_s < silence.seconds <= limits.near_timeout_s]
    advice = f"send a ping every {number(session.ping_s)} s from sessionStart on, even if other events are sent"
    yield from _hit(short, "Outside ads", advice)
    yield from _hit(long, "Outside ads", advice, Severity.ERROR)


def _near_timeout(session: SessionTraffic) -> Iterator[Hit]:
    limit_s = session.thresholds.near_timeout_s
    if not session.is_batch:
        yield from _hit(
            [silence for silence in session.silences if silence.seconds > limit_s],
            "Close to the timeout of 10 min,",
            "send a ping every 10 s, or sessionEnd when the viewer has left",
        )


def _ad_gap(session: SessionTraffic) -> Iterator[Hit]:
    limit_s = session.thresholds.ad_gap_s
    silences = [silence for silence in session.silences if silence.step.after.ad is not None]
    long = [silence for silence in silences if silence.seconds > limit_s]
    short = [silence for silence in silences if silence.seconds <= limit_s]
    yield from _hit(long, "Inside an ad", "send pings during ads too, at least every 10 s")
    yield from _hit(
        short, "Inside an ad", "send a ping every second during ads if ad time has to be exact", Severity.INFO
    )


def _stops_in_pause(session: SessionTraffic) -> Iterator[Hit]:
    yield from _hit(_main(session, pingless=True), "While paused or buffering", "keep sending a ping every 10 s")


_STORM = 20
"""This many pings in too quick succession are more than a race between two timers."""


def _too_fast(session: SessionTraffic) -> Iterator[Hit]:
    limit_ms = session.thresholds.too_fast_s * 1000
    if session.ts_in_seconds or session.same_ts_runs:
        return
    pairs = [
        (first, last)
        for first, last in pairwise(session.of("ping"))
        if 0 <= last.ts_ms - first.ts_ms < limit_ms and first.item.record.body != last.item.record.body
    ]
    if pairs:
        fastest_ms = min(last.ts_ms - first.ts_ms for first, last in pairs)
        yield Hit(
            seqs_of(*(step for pair in pairs for step in pair)),
            f"{were(len(pairs), 'ping')} sent less than {number(session.thresholds.too_fast_s)} s after the previous "
            f"one, the fastest after {fastest_ms} ms; send a ping every 10 s, and at most every second during ads.",
            Severity.WARNING if len(pairs) >= _STORM else None,
        )


def _immediate(session: SessionTraffic) -> Iterator[Hit]:
    start, ping = session.start, next(session.of("ping"), None)
    if start is None or ping is None or session.ts_in_seconds or session.same_ts_runs:
        return
    after_ms = ping.ts_ms - start.ts_ms
    if 0 <= after_ms < session.thresholds.immediate_ping_s * 1000:
        yield Hit(
            seqs_of(start, ping),
            f"The first ping was sent {after_ms} ms after sessionStart; send it after 10 s, or after 1 s in a "
            "pre-roll.",
        )


def _during_complete(session: SessionTraffic) -> Iterator[Hit]:
    if (
        not session.watched
        or session.watched[-1].event_type not in ENDS
        or session.ts_in_seconds
        or session.clock_changes
    ):
        return
    end = session.watched[-1]
    last_ms = end.ts_ms + session.thresholds.trailing_ping_s * 1000
    pings = [step for step in session.of("ping") if step.ts_ms > last_ms]
    refused = [
        item
        for item in session.unaccepted
        if item.event_type == "ping" and item.ts_ms is not None and item.ts_ms > last_ms
    ]
    if pings or refused:
        yield Hit(
            seqs_of(end, *pings, *refused),
            f"{were(len(pings) + len(refused), 'ping')} sent more than {number(session.thresholds.trailing_ping_s)} s "
            f"after {end.event_type}; stop the ping timer at {end.event_type}.",
        )


def _is_of_ping(refusal: Refusal) -> bool:
    is_param = refusal.rule == "additionalProperties" and refusal.path[:1] == ("params",)
    return is_param and refusal.item.event_type == "ping" and refusal.path[-1] not in QOE_NUMBERS


def _params(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [step for step in session.of("ping") if step.params]
    if wrong:
        yield Hit(
            seqs_of(*wrong),
            f"{counted(len(wrong), 'ping')} had params, such as {quoted(wrong[0].params)}; send only eventType and "
            "playerTime, and qoeData when it changed.",
        )


_OFTEN_PINGS = 20


_OFTEN_S = 5


_OFTEN_SHARE = 0.5


def _pings_often(session: SessionTraffic) -> Iterator[Hit]:
    pings = [step for step in session.by_type.get("ping", ()) if step.after.ad_break is None]
    if len(pings) <= _OFTEN_PINGS or session.same_ts_runs or session.ts_in_seconds:
        return
    shortest_ms, longest_ms = session.thresholds.too_fast_s * 1000, _OFTEN_S * 1000
    often = [last for first, last in pairwise(pings) if shortest_ms <= last.ts_ms - first.ts_ms < longest_ms]
    if len(often) >= _OFTEN_PINGS and len(often) >= _OFTEN_SHARE * len(pings):
        every_s = sorted(last.ts_ms - first.ts_ms for first, last in pairwise(pings))[len(pings) // 2] / 1000
        yield Hit(
            seqs_of(*often),
            f"{counted(len(often), 'ping')} of main content were sent less than {_OFTEN_S} s after the previous one, "
            f"typically after {number(every_s)} s; send one every 10 s outside ads.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "ping.gap",
        Severity.WARNING,
        "no event for more than 12 s outside ads; an error for more than 60 s",
        "Durations are only as exact as the pings, and a session that is silent for 10 minutes is closed.",
        _PING_PAGE,
        _gap,
        "gaps of up to 12 s, since Adobe's SDKs reach 11 s; downloaded content has a ping every 50 s, so the limit is "
        "60 s there, and it is always a warning; gaps that are ping.stops-in-pause or ping.near-timeout",
    ),
    Rule(
        "ping.near-timeout",
        Severity.ERROR,
        "no event for more than 9 min",
        "The session is closed after 10 minutes of silence, and everything later is lost.",
        "Adobe, Media Collection API: Timeout conditions",
        _near_timeout,
        "downloaded content, which does not time out",
    ),
    Rule(
        "ping.ad-gap",
        Severity.WARNING,
        "no event inside an ad for more than 12 s; info for more than 2 s",
        "Ad time is only as exact as the pings.",
        f"{_PING_PAGE} (1 s in ads); Media Collection API: Sending pings (10 s since 2024)",
        _ad_gap,
        "in downloaded content, which has a ping every 50 s, the limit is 60 s",
    ),
    Rule(
        "ping.stops-in-pause",
        Severity.WARNING,
        "no ping in a pause or buffer, and no event at all for more than 12 s",
        "The session is closed after 10 minutes of pause instead of 30.",
        "Adobe, Media Collection API: Timeline 1; recordings of CBS clients before 0.1.8",
        _stops_in_pause,
        "in downloaded content, which has a ping every 50 s, the limit is 60 s",
    ),
    Rule(
        "ping.too-fast",
        Severity.INFO,
        "a ping less than 0.5 s after the previous one; a warning from 20 such pings on",
        "Needless requests.",
        "our reading: no page asks for more than one ping a second",
        _too_fast,
        "the same ping sent again, which is http.retry-storm",
    ),
    Rule(
        "ping.immediate",
        Severity.INFO,
        "the first ping less than 1 s after sessionStart",
        "No effect on the reports.",
        "Adobe, Media Collection API: Timelines; source of THEOplayer's Kotlin connector",
        _immediate,
    ),
    Rule(
        "ping.during-complete",
        Severity.INFO,
        "pings more than 30 s after sessionComplete or sessionEnd",
        "Needless requests; after sessionEnd every ping is refused.",
        "our reading of Adobe, Session complete, which allows pings after it",
        _during_complete,
        "pings within 30 s, which Adobe's page allows",
    ),
    Rule(
        "ping.params",
        Severity.INFO,
        "a ping with params; an error if it was answered 400",
        "400 and the event is lost, or the params are ignored.",
        "Adobe, Events: Ping",
        claims=_is_of_ping,
        tolerance="an empty object, which clients send",
        check=_params,
        dialects=("collection",),
    ),
    Rule(
        "ping.too-often",
        Severity.INFO,
        "at least 20 pings of main content, and half of them, are sent 0.5 to 5 s after the previous one",
        "Needless requests: the API asks for one every 10 s.",
        "Adobe, Events: Ping (every 10 s)",
        _pings_often,
        "pings in ad breaks, which may be sent every second",
    ),
)
