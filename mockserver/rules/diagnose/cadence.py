"""Rules about silence: events, pings above all, that do not come.

A ping is due every 10 seconds whatever else is sent (Adobe, "Ping"), but Adobe's SDKs start anew at every change of the
player. So every event counts, not only pings.

What is said about a silence depends on what went on: inside an ad that it is one, in a pause without any ping that the
pings stopped, else that there is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.silences import Silence
from mockserver.rules.diagnose.wording import counted, number

__all__ = ["RULES"]

_PING_PAGE = "Adobe, Events: Ping"


def _pingless(case: Case) -> set[int]:
    """Return the numbers of the steps in pauses and buffers without any ping."""
    return {
        step.n
        for pause in case.pauses
        if not any(step.event_type == "ping" for step in pause.inside)
        for step in (pause.start, *pause.inside)
    }


def _hit(silences: Sequence[Silence], what: str, advice: str, severity: Severity | None = None) -> Iterator[Hit]:
    """Make one hit of silences of one kind: the longest, and how many more there are."""
    if not silences:
        return
    worst = max(silences, key=lambda silence: silence.seconds)
    more = f", and {counted(len(silences) - 1, 'more silence')} like that" if len(silences) > 1 else ""
    seqs = sorted({heard.seq for silence in silences for heard in (silence.first, silence.last)})
    yield Hit(
        tuple(seqs),
        f"{what} nothing came for {number(worst.seconds)} s between {worst.first.event_type} and "
        f"{worst.last.event_type}{more}; {advice}.",
        severity,
    )


def _main(case: Case, *, pingless: bool) -> list[Silence]:
    """Return the silences outside ads: those in pauses without a ping, or the others."""
    silences = [silence for silence in case.silences if silence.step.after.ad is None]
    if not silences:
        return []
    numbers = _pingless(case)
    return [silence for silence in silences if (silence.step.n in numbers) is pingless]


def _gap(case: Case) -> Iterator[Hit]:
    silences = _main(case, pingless=False)
    if case.is_batch:
        yield from _hit(silences, "In downloaded content", "let the player record a ping every 50 s")
        return
    limits = case.thresholds
    short = [silence for silence in silences if silence.seconds <= limits.ping_gap_error_s]
    long = [silence for silence in silences if limits.ping_gap_error_s < silence.seconds <= limits.near_timeout_s]
    advice = f"send a ping every {number(case.ping_s)} s from sessionStart on, whatever else is sent"
    yield from _hit(short, "Outside ads", advice)
    yield from _hit(long, "Outside ads", advice, Severity.ERROR)


def _near_timeout(case: Case) -> Iterator[Hit]:
    limit_s = case.thresholds.near_timeout_s
    if not case.is_batch:
        yield from _hit(
            [silence for silence in case.silences if silence.seconds > limit_s],
            "Against the timeout of 10 min",
            "send a ping every 10 s, or sessionEnd when the viewer has left",
        )


def _ad_gap(case: Case) -> Iterator[Hit]:
    limit_s = case.thresholds.ad_gap_s
    silences = [silence for silence in case.silences if silence.step.after.ad is not None]
    long = [silence for silence in silences if silence.seconds > limit_s]
    short = [silence for silence in silences if silence.seconds <= limit_s]
    yield from _hit(long, "Inside an ad", "send pings in ads too, at least every 10 s")
    yield from _hit(
        short, "Inside an ad", "send a ping every second in ads when ad time has to be exact", Severity.INFO
    )


def _stops_in_pause(case: Case) -> Iterator[Hit]:
    yield from _hit(_main(case, pingless=True), "While paused or buffering", "go on with a ping every 10 s")


RULES: tuple[Rule, ...] = (
    Rule(
        "ping.gap",
        Severity.WARNING,
        "no event for more than 12 s outside ads; an error for more than 60 s",
        "Durations are only as exact as the pings, and a session that is silent for 10 minutes is closed.",
        _PING_PAGE,
        _gap,
        "gaps of Adobe's SDKs reach 11 s; downloaded content has a ping every 50 s, so only more than 60 s there, and "
        "always a warning; what is said as ping.stops-in-pause or ping.near-timeout",
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
        "no event inside an ad for more than 12 s; a note for more than 2 s",
        "Ad time is only as exact as the pings.",
        f"{_PING_PAGE} (1 s in ads); Media Collection API: Sending pings (10 s since 2024)",
        _ad_gap,
        "downloaded content has a ping every 50 s, so only more than 60 s there",
    ),
    Rule(
        "ping.stops-in-pause",
        Severity.WARNING,
        "no ping in a pause or buffer, and no other event for more than 12 s",
        "The session is closed after 10 minutes of pause instead of 30.",
        "Adobe, Media Collection API: Timeline 1; recordings of CBS clients before 0.1.8",
        _stops_in_pause,
        "downloaded content has a ping every 50 s, so only more than 60 s there",
    ),
)
