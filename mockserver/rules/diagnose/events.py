"""Rules about events of any type: sent twice, sent in storms, or under the name of another API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.finding import Severity
from mockserver.rules.diagnose.refusals import Refusal
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, number, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]

_UNCOUNTED = frozenset(
    {"ping", "play", "pauseStart", "bufferStart", "adBreakComplete", "sessionComplete", "sessionEnd"}
)
"""Events that change no figure when they are sent a second time."""


def _doubled(session: SessionTraffic) -> Iterator[Hit]:
    repetition = session.repetition
    if repetition is None:
        return
    pairs = repetition.pairs
    apart_ms = max(abs(second.record.at_ms - first.record.at_ms) for first, second in pairs)
    if repetition.whole:
        repeated = len({first.seq for first, _ in pairs})
        text = (
            f"{repeated} of {counted(repetition.of, 'event')} were sent more than once, up to {apart_ms} ms apart; use "
            "one tracker for a viewing, and register its handlers once"
        )
    elif repetition.event_types:
        text = (
            f"Every {listed(repetition.event_types)} was sent twice ({counted(len(pairs), 'repeat')}); register the "
            "handlers of these events once"
        )
    else:
        text = (
            f"{len(pairs)} of {counted(repetition.of, 'event')} were sent again with the same body, up to "
            f"{number(apart_ms / 1000)} s later; remove an event from the queue when it is sent"
        )
    harmless = all(first.event_type in _UNCOUNTED for first, _ in pairs)
    yield Hit(
        seqs_of(*(item for pair in pairs for item in pair)),
        f"{text}.",
        Severity.WARNING if harmless else None,
        consequence="Needless requests; no figure changes." if harmless else None,
    )


_TYPES = (
    "play", "pauseStart", "bufferStart", "bitrateChange", "error", "stateStart", "stateEnd", "statesUpdate",
    "chapterStart", "chapterSkip",
)  # fmt: skip


def _storm(session: SessionTraffic) -> Iterator[Hit]:
    if session.same_ts_runs or session.ts_in_seconds:
        return
    least, within_ms = max(session.thresholds.event_storm, 2), session.thresholds.event_storm_s * 1000
    for event_type in _TYPES:
        steps = session.by_type.get(event_type, ())
        worst = _densest(steps, within_ms) if len(steps) >= least else ()
        if len(worst) >= least:
            yield Hit(
                seqs_of(*worst),
                f"{len(worst)} {event_type} events were sent within "
                f"{number((worst[-1].ts_ms - worst[0].ts_ms) / 1000)} s, {len(steps)} in all; send it when something "
                "changes, not with every callback of the player.",
            )


def _densest(steps: Sequence[Step], within_ms: float) -> Sequence[Step]:
    """Return the largest group of steps within a span of ``within_ms``."""
    best = first = 0
    span = (0, 0)
    for last in range(len(steps)):
        while steps[last].ts_ms - steps[first].ts_ms > within_ms:
            first += 1
        if last + 1 - first > best:
            best, span = last + 1 - first, (first, last + 1)
    return steps[slice(*span)]


_TRACKER_NAMES = frozenset(
    {
        "pause",
        "resume",
        "bufferComplete",
        "bufferEnd",
        "seekStart",
        "seekComplete",
        "mute",
        "unmute",
        "heartbeat",
        "keepalive",
    }
)
"""Names from the SDKs' tracker calls and from other protocols that are not event types of this API."""


def _http_names(refusal: Refusal) -> bool:
    return refusal.path == ("eventType",) and refusal.rule == "enum" and _is_tracker_name(refusal.item.event_type)


def _is_tracker_name(event_type: str | None) -> bool:
    if event_type is None or event_type in EVENT_TYPES:
        return False
    return event_type in _TRACKER_NAMES or event_type.startswith(("media.", "mute", "unmute"))


RULES: tuple[Rule, ...] = (
    Rule(
        "event.doubled",
        Severity.ERROR,
        "nearly all events of a session are sent twice, or all of one type, or at least 3 bodies; a warning if nothing "
        "is counted twice",
        "Ads, chapters, player states, errors and bitrate changes are counted twice.",
        "our reading: no source mentions a detection of duplicates",
        _doubled,
        "a play that an SDK sends twice; single repetitions; an event repeated because its answer was lost; a ts that "
        "stands still, which is ts.stands-still",
    ),
    Rule(
        "event.storm",
        Severity.WARNING,
        "at least 20 events of one type within 10 s, such as play, pauseStart, bitrateChange, error or stateStart",
        "Every one is counted: the report has changes, pauses and errors that no viewer saw.",
        "our reading: players fire callbacks far more often than anything changes",
        _storm,
        "pings, which have their own rules; up to 19 events within 10 s",
    ),
    Rule(
        "event.http-names",
        Severity.ERROR,
        "an eventType of another API: media.play, pause, bufferComplete, seekStart, heartbeat",
        "400: the event is lost.",
        "Adobe, Media Collection API: Events request (the list of event types)",
        claims=_http_names,
        dialects=("collection",),
    ),
)
