"""Rules about what a sessionStart declares content to be, held against itself and against how it plays."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.motion import DAY_S
from mockserver.rules.diagnose.wording import number, quoted, seqs_of

__all__ = ["RULES"]

_AUDIO = frozenset({"song", "audiobook", "radio", "aod"})
_VIDEO = frozenset({"dvod"})


def _live_as_vod(case: Case) -> Iterator[Hit]:
    if case.start is None or case.is_live or not case.params.get("media.contentType"):
        return
    declared = quoted(case.params["media.contentType"])
    if case.plays_by_the_day:
        first = case.stretches[0].first
        yield Hit(
            seqs_of(case.start, first),
            f"media.contentType is {declared}, but the playhead, {number(first.playhead_s)} s at {first.event_type}, "
            f'is the second of the day in UTC, as that of live content; send "live" and a media.length of {DAY_S}.',
        )
    elif case.length_s == DAY_S:
        yield Hit(
            seqs_of(case.start),
            f'media.contentType is {declared}, but media.length is {DAY_S}, as that of live content; send "live", or '
            "the length of the content.",
            Severity.INFO,
        )


def _contradiction(case: Case) -> Iterator[Hit]:
    content, stream = (str(case.params.get(f"media.{name}", "")) for name in ("contentType", "streamType"))
    kind = content.strip().lower()
    if (kind in _AUDIO and stream == "video") or (kind in _VIDEO and stream == "audio"):
        yield Hit(
            seqs_of(case.start),
            f"media.contentType is {quoted(content)}, but media.streamType is {quoted(stream)}; send the stream type "
            "of what is played.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "media.live-as-vod",
        Severity.WARNING,
        "content that is not declared live, with the second of the day for a playhead; a note for a length of 86400",
        "The session is in the wrong built-in segment, and its progress markers say nothing.",
        "Adobe, Media Collection API: Sessions request; Adobe, dimensions: Content type",
        _live_as_vod,
        "a playhead below 10 min or more than 30 s away from the second of the day",
    ),
    Rule(
        "media.type-contradiction",
        Severity.WARNING,
        "song, audiobook, radio or aod with streamType video, or dvod with audio",
        "The session is in segments that contradict each other.",
        "Adobe, dimensions: Content type, Stream type",
        _contradiction,
        "podcasts with pictures; vod, ugc, live and linear, which may be either",
    ),
)
