"""Rules about what a sessionStart says about the content: whether it is consistent, and fits how the content plays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.identity import is_nothing, is_unknown
from mockserver.rules.diagnose.intervals import DAY_S
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import listed, number, quoted, seqs_of

__all__ = ["RULES"]

_DAY_S = 86_400
_SEGMENTS = ("vod", "live", "linear")
_CONTENT_TYPES = frozenset({*_SEGMENTS, "ugc", "dvod", "song", "podcast", "audiobook", "radio", "aod"})
_STREAM_TYPES = ("video", "audio")
_SHOW_TYPES = ("0", "1", "2", "3")
_DATES = ("media.firstAirDate", "media.firstDigitalDate")
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def _start(session: SessionTraffic, message: str) -> Iterator[Hit]:
    yield Hit(seqs_of(session.start), message)


def _id_placeholder(session: SessionTraffic) -> Iterator[Hit]:
    value = session.params.get("media.id")
    if is_nothing(value):
        yield from _start(session, f"media.id is {quoted(value)}; send the id of the content.")


def _no_placeholder(key: str, what: str) -> Callable[[SessionTraffic], Iterator[Hit]]:
    def check(session: SessionTraffic) -> Iterator[Hit]:
        value = session.params.get(key)
        if is_unknown(value):
            yield from _start(session, f"{key} is {quoted(value)}; send {what}.")

    return check


def _length_invalid(session: SessionTraffic) -> Iterator[Hit]:
    if session.start is None:
        return
    length = number(session.length_s)
    if session.length_s <= 0:
        advice = f"{_DAY_S} for live of unknown length" if session.is_live else "the length of the content in seconds"
        yield from _start(session, f"media.length is {length}; send {advice}.")


def _length_live(session: SessionTraffic) -> Iterator[Hit]:
    """Find live content of known length whose playhead is the second of the day, so the two can never match."""
    if _content_type(session).lower() != "live" or not 0 < session.length_s < _DAY_S or session.playhead_in_ms:
        return
    beyond = [step for step in session.watched if step.playhead_s > session.length_s + session.thresholds.over_length_s]
    if beyond:
        yield Hit(
            seqs_of(session.start, *beyond),
            f"media.length of a live stream is {number(session.length_s)} s, but the playhead was "
            f"{number(beyond[0].playhead_s)} s; for progress markers count the playhead from 0 at the start of the "
            f"programme, otherwise send {_DAY_S}, the length of a stream whose length is not known.",
        )


def _content_type(session: SessionTraffic) -> str:
    return str(session.params.get("media.contentType", ""))


def _length_ms(session: SessionTraffic) -> Iterator[Hit]:
    if session.length_s > _DAY_S:
        yield from _start(
            session,
            f"media.length is {number(session.length_s)} s, more than a day; send seconds instead of milliseconds.",
        )


def _length_is_ad(session: SessionTraffic) -> Iterator[Hit]:
    ad = next(session.of("adStart"), None)
    if ad is not None and session.length_s > 0 and ad.params.get("media.ad.length") == session.length_s:
        yield Hit(
            seqs_of(session.start, ad),
            f"media.length is {number(session.length_s)} s, as long as the first ad; send the length of the content, "
            "not the duration of the media element while it plays an ad.",
        )


def _content_type_case(session: SessionTraffic) -> Iterator[Hit]:
    value = _content_type(session)
    if session.start is None or value in _CONTENT_TYPES:
        return
    known = value.strip().lower()
    wanted = quoted(known) if known in _CONTENT_TYPES else f"one of {listed([quoted(each) for each in _SEGMENTS])}"
    yield from _start(session, f"media.contentType is {quoted(value)}; send {wanted} if that is meant.")


def _stream_type(session: SessionTraffic) -> Iterator[Hit]:
    value = session.params.get("media.streamType")
    if session.start is None or value in _STREAM_TYPES:
        return
    seen = "missing" if value is None else quoted(value)
    yield from _start(session, f'media.streamType is {seen}; send "video" or "audio".')


def _show_type(session: SessionTraffic) -> Iterator[Hit]:
    value = session.params.get("media.showType")
    if value is not None and value not in _SHOW_TYPES:
        yield from _start(
            session,
            f'media.showType is {quoted(value)}; send "0", "1", "2" or "3" for full episode, preview, clip or other.',
        )


def _date_format(session: SessionTraffic) -> Iterator[Hit]:
    wrong = {key: value for key in _DATES if (value := session.params.get(key)) and not _DATE.fullmatch(str(value))}
    if wrong:
        seen = listed([f"{key} {quoted(value)}" for key, value in wrong.items()])
        yield from _start(session, f"sessionStart has {seen}; write dates as YYYY-MM-DD.")


def _pass_auth(session: SessionTraffic) -> Iterator[Hit]:
    value = session.params.get("media.pass.auth")
    if value is not None and str(value).lower() != "true":
        yield from _start(
            session,
            f'media.pass.auth is {quoted(value)}; send "true" when the viewer is authorized, else leave it out.',
        )


def _length_short(session: SessionTraffic) -> Iterator[Hit]:
    if not session.length_is_short or _is_length_of_ad(session):
        return
    top = max(session.watched, key=lambda step: step.playhead_s)
    minutes_s = session.length_s * 60
    meant = f"{number(session.length_s)} min are {number(minutes_s)} s" if _is_near(top.playhead_s, minutes_s) else ""
    yield Hit(
        seqs_of(session.start, top),
        f"media.length is {number(session.length_s)}, but content played at normal speed to {number(top.playhead_s)} "
        f"s{f', and {meant}' if meant else ''}; send the length of the main content in seconds.",
    )


def _is_near(playhead_s: float, length_s: float) -> bool:
    """Return whether the playhead is in the second half of content this long, or just behind its end."""
    return length_s / 2 < playhead_s <= length_s * 1.05


def _is_length_of_ad(session: SessionTraffic) -> bool:
    """Return whether the length is that of the first ad, which has its own finding."""
    ad = next(session.of("adStart"), None)
    return ad is not None and ad.number("media.ad.length") == session.length_s


_AUDIO = frozenset({"song", "audiobook", "radio", "aod"})
_VIDEO = frozenset({"dvod"})


def _live_as_vod(session: SessionTraffic) -> Iterator[Hit]:
    if session.start is None or session.is_live or not session.params.get("media.contentType"):
        return
    declared = quoted(session.params["media.contentType"])
    if session.plays_by_the_day:
        first = session.played[0].first
        yield Hit(
            seqs_of(session.start, first),
            f"media.contentType is {declared}, but the playhead, {number(first.playhead_s)} s at {first.event_type}, "
            f'is the second of the day in UTC, as for live content; send "live" and a media.length of {DAY_S}.',
        )
    elif session.length_s == DAY_S:
        yield Hit(
            seqs_of(session.start),
            f'media.contentType is {declared}, but media.length is {DAY_S}, as for live content; send "live", or the '
            "length of the content.",
            Severity.INFO,
        )


def _contradiction(session: SessionTraffic) -> Iterator[Hit]:
    content, stream = (str(session.params.get(f"media.{name}", "")) for name in ("contentType", "streamType"))
    kind = content.strip().lower()
    if (kind in _AUDIO and stream == "video") or (kind in _VIDEO and stream == "audio"):
        yield Hit(
            seqs_of(session.start),
            f"media.contentType is {quoted(content)}, but media.streamType is {quoted(stream)}; send the stream type "
            "of what is played.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "media.id-placeholder",
        Severity.ERROR,
        "media.id is empty, N/A, None, NaN, undefined, null, [object Object] or the like",
        "The session is dropped from the reports, or mixed up with others.",
        'Adobe, dimensions: Content; THEOplayer\'s connector sends "N/A" by default',
        _id_placeholder,
    ),
    Rule(
        "media.length-invalid",
        Severity.ERROR,
        "media.length is not above 0",
        "No progress markers and no average minute audience.",
        "Adobe, dimensions: Content length",
        _length_invalid,
    ),
    Rule(
        "media.length-live",
        Severity.WARNING,
        "live content with a length below 86400 and a playhead beyond it",
        "Progress markers are wrong: they compare the playhead with the length.",
        "Adobe, dimensions: Content length; a pull request to Adobe's SDKs (a playhead from 0 for progress markers)",
        _length_live,
        "a playhead that counts from 0; linear content, whose programmes have a length",
    ),
    Rule(
        "media.length-ms",
        Severity.ERROR,
        "media.length above 86400",
        "Progress markers are never reached.",
        "our reading of Adobe, dimensions: Content length",
        _length_ms,
    ),
    Rule(
        "media.length-is-ad",
        Severity.WARNING,
        "media.length equals the length of the first ad",
        "Progress markers and average minute audience are computed from the length of the ad.",
        "a comment in the source of THEOplayer's connector",
        _length_is_ad,
    ),
    Rule(
        "media.contentType-case",
        Severity.INFO,
        "media.contentType that differs from Adobe's values, or only in case",
        "The session is in none of the built-in segments for content types.",
        "Adobe, dimensions: Content type; constants of Adobe's SDKs",
        _content_type_case,
    ),
    Rule(
        "media.streamType",
        Severity.WARNING,
        "media.streamType is missing, or neither video nor audio",
        "The dimension is meaningless, and the session is in neither the audio-only nor the video-only segment.",
        "Adobe, dimensions: Stream type",
        _stream_type,
    ),
    Rule(
        "media.channel-placeholder",
        Severity.WARNING,
        "media.channel is empty, unknown, N/A or the like",
        "The dimension is meaningless.",
        'recordings: MediaSDK JS sends "unknown" by default, THEOplayer\'s connector "N/A"',
        _no_placeholder("media.channel", "the site, app or property that plays the content"),
    ),
    Rule(
        "media.playerName-placeholder",
        Severity.WARNING,
        "media.playerName is empty, unknown, N/A or the like",
        "The dimension is meaningless.",
        'recordings: MediaSDK JS sends "unknown" by default',
        _no_placeholder("media.playerName", "the name of the player"),
    ),
    Rule(
        "media.showType",
        Severity.INFO,
        'media.showType is not "0" to "3"',
        "The dimension has a value that Adobe does not define.",
        "Adobe, dimensions: Show type",
        _show_type,
    ),
    Rule(
        "media.date-format",
        Severity.INFO,
        "firstAirDate or firstDigitalDate is not YYYY-MM-DD",
        "The dimension cannot be sorted or grouped by date.",
        "Adobe, dimensions: First air date, First digital date",
        _date_format,
        "empty values",
    ),
    Rule(
        "media.pass-auth",
        Severity.INFO,
        "media.pass.auth with a value other than true",
        "Only true has a meaning.",
        "Adobe, dimensions: Authorized",
        _pass_auth,
        'any case, since Adobe\'s sample has "TRUE"',
    ),
    Rule(
        "media.length-too-small",
        Severity.ERROR,
        "content on demand that plays at normal speed to more than 1.5 times media.length",
        "Progress markers are reached too early, and the average minute audience is too large.",
        "Adobe, Media Collection API: Sessions request (the length is in seconds)",
        _length_short,
        "the length of the first ad, which is media.length-is-ad",
    ),
    Rule(
        "media.live-as-vod",
        Severity.WARNING,
        "content not declared live whose playhead is the second of the day; info for a length of 86400",
        "The session is in the wrong built-in segment, and its progress markers are meaningless.",
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
        "podcasts with video; vod, ugc, live and linear, which may be either",
    ),
)
