"""What broken players do: each flaw turns a good script into a bad one. The API accepts nearly all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mockserver.errors import InvalidInput
from mockserver.simulation.script import Beat

__all__ = ["FLAWS", "apply_flaw"]

Flaw = Callable[[Sequence[Beat]], list[Beat]]


def _ads_outside_break(beats: Sequence[Beat]) -> list[Beat]:
    """Ads are reported without their break, so they are ignored and their time counts as content."""
    return [beat for beat in beats if beat.event_type not in ("adBreakStart", "adBreakComplete")]


def _no_play_after_pause(beats: Sequence[Beat]) -> list[Beat]:
    """The play after a pause is never sent, so the pause never ends."""
    kept: list[Beat] = []
    paused = False
    for beat in beats:
        if paused and beat.event_type == "play":
            continue
        paused = paused or beat.event_type == "pauseStart"
        kept.append(beat)
    return kept


def _playhead_in_milliseconds(beats: Sequence[Beat]) -> list[Beat]:
    """The playhead is sent in milliseconds."""
    return [replace(beat, playhead_s=round(beat.playhead_s * 1000)) for beat in beats]


def _no_pings(beats: Sequence[Beat]) -> list[Beat]:
    """No pings are sent."""
    return [beat for beat in beats if beat.event_type != "ping"]


def _play_before_preroll(beats: Sequence[Beat]) -> list[Beat]:
    """Play is sent before the pre-roll, so the content counts as started although none of it was played."""
    first = next((n for n, beat in enumerate(beats) if beat.event_type == "adBreakStart"), None)
    if first is None:
        return list(beats)
    early = Beat(beats[first].at_ms, "play", beats[first].playhead_s)
    return [*beats[:first], early, *(replace(beat, at_ms=beat.at_ms + 500) for beat in beats[first:])]


def _never_completes(beats: Sequence[Beat]) -> list[Beat]:
    """The end of the content is never reported."""
    return [beat for beat in beats if beat.event_type not in ("sessionComplete", "sessionEnd")]


def _abandoned(beats: Sequence[Beat]) -> list[Beat]:
    """The viewer leaves in the middle, and the player just stops."""
    return list(beats[: len(beats) // 2])


def _unknown_key(beats: Sequence[Beat]) -> list[Beat]:
    """Every adStart carries a key that does not exist, and is refused."""
    return [
        replace(beat, params={**(beat.params or {}), "media.ad.title": "advertisement"})
        if beat.event_type == "adStart"
        else beat
        for beat in beats
    ]


def _break_never_closed(beats: Sequence[Beat]) -> list[Beat]:
    """The end of an ad break is never sent, so main content counts as a part of it."""
    return _without(beats, "adBreakComplete")


def _ads_never_closed(beats: Sequence[Beat]) -> list[Beat]:
    """Ads start and are never completed or skipped, so all of them count as left early."""
    return _without(beats, "adComplete", "adSkip")


def _impatient_pings(beats: Sequence[Beat]) -> list[Beat]:
    """A ping goes out with the sessionStart, and every ping is followed by another one."""
    start, *rest = beats
    doubled = [start, Beat(start.at_ms + 200, "ping", start.playhead_s)]
    for beat in rest:
        late = beat if beat.at_ms > doubled[-1].at_ms else replace(beat, at_ms=doubled[-1].at_ms + 1)
        doubled.append(late)
        if beat.event_type == "ping":
            doubled.append(replace(late, at_ms=late.at_ms + 200))
    return doubled


def _frozen_playhead(beats: Sequence[Beat]) -> list[Beat]:
    """The playhead is read once, when playing begins, and sent with every event from then on."""
    return [replace(beat, playhead_s=beats[0].playhead_s) for beat in beats]


def _playhead_runs_in_ads(beats: Sequence[Beat]) -> list[Beat]:
    """The playhead of the ad player is sent during ads."""
    kept: list[Beat] = []
    ad: Beat | None = None
    for beat in beats:
        if ad is not None and beat.event_type not in ("adBreakStart", "adBreakComplete"):
            beat = replace(beat, playhead_s=round(beat.playhead_s + (beat.at_ms - ad.at_ms) / 1000, 3))
        if beat.event_type in ("adStart", "adComplete", "adSkip"):
            ad = beat if beat.event_type == "adStart" else None
        kept.append(beat)
    return kept


def _chapters_never_closed(beats: Sequence[Beat]) -> list[Beat]:
    """Chapters start and are never completed."""
    return _without(beats, "chapterComplete")


def _state_never_started(beats: Sequence[Beat]) -> list[Beat]:
    """The end of a state is reported, but not its start."""
    first, *rest = _without(beats, "stateStart")
    if not any(beat.event_type == "stateEnd" for beat in rest):
        rest.insert(2, Beat(rest[1].at_ms, "stateEnd", rest[1].playhead_s, {"media.state.name": "mute"}))
    return [first, *rest]


def _wrong_clock(beats: Sequence[Beat]) -> list[Beat]:
    """The clock of the device is an hour fast, and ts with it."""
    return [replace(beat, off_ms=3_600_000) for beat in beats]


def _play_before_session(beats: Sequence[Beat]) -> list[Beat]:
    """The first play carries the time of the tap that opened the player, seconds before the session."""
    first = next((beat for beat in beats if beat.event_type == "play"), None)
    return [replace(beat, off_ms=-beat.at_ms - 3_000) if beat is first else beat for beat in beats]


def _goes_on_after_the_end(beats: Sequence[Beat]) -> list[Beat]:
    """The session is reported as over too early, and events go on."""
    middle = len(beats) // 2
    early = Beat(beats[middle].at_ms, "sessionEnd", beats[middle].playhead_s)
    return [*beats[:middle], early, *(replace(beat, at_ms=beat.at_ms + 50) for beat in beats[middle:])]


def _ends_instead_of_completing(beats: Sequence[Beat]) -> list[Beat]:
    """At the end of the content sessionEnd is sent instead of sessionComplete."""
    return [replace(beat, event_type="sessionEnd") if beat.event_type == "sessionComplete" else beat for beat in beats]


def _length_in_milliseconds(beats: Sequence[Beat]) -> list[Beat]:
    """media.length is sent in milliseconds."""
    length_s = (beats[0].params or {}).get("media.length", 0)
    return _start(beats, {"media.length": length_s * 1000})


def _placeholders(beats: Sequence[Beat]) -> list[Beat]:
    """Placeholder words are sent in place of names that the app does not know."""
    return _start(beats, {"media.id": "undefined", "media.channel": "unknown", "media.playerName": "N/A"})


def _unknown_visitor(beats: Sequence[Beat]) -> list[Beat]:
    """The visitor is not identified."""
    params = {name: value for name, value in (beats[0].params or {}).items() if "CloudUserId" not in name}
    return [replace(beats[0], params=params), *beats[1:]]


def _downloaded_live(beats: Sequence[Beat]) -> list[Beat]:
    """A live session says that it was downloaded, and is refused."""
    return _start(beats, {"media.contentType": "live", "media.length": 86_400, "media.downloaded": True})


def _bitrate_in_bits(beats: Sequence[Beat]) -> list[Beat]:
    """Bitrates are sent in bits instead of kilobits per second."""
    return [
        replace(beat, qoe={**beat.qoe, "media.qoe.bitrate": beat.qoe["media.qoe.bitrate"] * 1000})
        if beat.qoe and "media.qoe.bitrate" in beat.qoe
        else beat
        for beat in beats
    ]


def _nameless_error(beats: Sequence[Beat]) -> list[Beat]:
    """An error is reported without saying which."""
    return _with(beats, len(beats) // 2, "error")


def _paused_twice(beats: Sequence[Beat]) -> list[Beat]:
    """Every change of the player is reported by two parts of the app."""
    doubled: list[Beat] = []
    for beat in beats:
        doubled.append(beat)
        if beat.event_type in ("pauseStart", "bufferStart", "play"):
            doubled.append(replace(beat, at_ms=beat.at_ms + 1))
    if not any(beat.event_type == "pauseStart" for beat in beats):
        place = len(doubled) // 2
        doubled = _with(_with(doubled, place, "pauseStart"), place + 1, "pauseStart")
    return [replace(beat, at_ms=beat.at_ms + n * 2) for n, beat in enumerate(doubled)]


def _metadata_everywhere(beats: Sequence[Beat]) -> list[Beat]:
    """Every event carries the metadata of the start, under names that belong to Adobe."""
    return [replace(beat, metadata={**(beat.metadata or {}), "media.plan": "plus"}) for beat in beats]


def _retry_storm(beats: Sequence[Beat]) -> list[Beat]:
    """Every ping is sent four times, as if it had not been answered."""
    return [copy for beat in beats for copy in [beat] * (4 if beat.event_type == "ping" else 1)]


def _without(beats: Sequence[Beat], *event_types: str) -> list[Beat]:
    return [beat for beat in beats if beat.event_type not in event_types]


def _with(beats: Sequence[Beat], place: int, event_type: str) -> list[Beat]:
    """Insert an event, a millisecond after the one before it."""
    before = beats[place - 1]
    more = Beat(before.at_ms + 1, event_type, before.playhead_s)
    return [*beats[:place], more, *(replace(beat, at_ms=max(beat.at_ms, before.at_ms + 2)) for beat in beats[place:])]


def _start(beats: Sequence[Beat], params: Mapping[str, Any]) -> list[Beat]:
    """Change params of the sessionStart."""
    return [replace(beats[0], params={**(beats[0].params or {}), **params}), *beats[1:]]


FLAWS: Mapping[str, Flaw] = {
    flaw.__name__[1:].replace("_", "-"): flaw
    for flaw in (
        _ads_outside_break, _no_play_after_pause, _playhead_in_milliseconds, _no_pings, _play_before_preroll,
        _never_completes, _abandoned, _unknown_key, _break_never_closed, _ads_never_closed, _impatient_pings,
        _frozen_playhead, _playhead_runs_in_ads, _chapters_never_closed, _state_never_started, _wrong_clock,
        _play_before_session, _goes_on_after_the_end, _ends_instead_of_completing, _length_in_milliseconds,
        _placeholders, _unknown_visitor, _downloaded_live, _bitrate_in_bits, _nameless_error, _paused_twice,
        _metadata_everywhere, _retry_storm,
    )
}  # fmt: skip
"""All flaws by name, which is that of the function; its docstring says what it does."""


def apply_flaw(name: str | None, beats: Sequence[Beat]) -> list[Beat]:
    """Break a script.

    Args:
        name: A flaw of :data:`FLAWS`; None leaves the script as it is.

    Raises:
        InvalidInput: The script has nothing that this flaw could break.
    """
    if name is None:
        return list(beats)
    broken = FLAWS[name](beats)
    if broken == list(beats):
        raise InvalidInput(f"the flaw {name} does not apply to this content; play vod", pointer="/flaw")
    return broken
