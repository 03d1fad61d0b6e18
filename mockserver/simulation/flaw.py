"""What broken players do: each flaw turns a good script into a bad one. The API accepts nearly all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

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
    """Play is sent before the pre-roll, so the content counts as started although nobody saw any."""
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


FLAWS: Mapping[str, Flaw] = {
    "ads-outside-break": _ads_outside_break,
    "no-play-after-pause": _no_play_after_pause,
    "playhead-in-milliseconds": _playhead_in_milliseconds,
    "no-pings": _no_pings,
    "play-before-preroll": _play_before_preroll,
    "never-completes": _never_completes,
    "abandoned": _abandoned,
    "unknown-key": _unknown_key,
}
"""All flaws by name; the docstring of each says what it does."""


def apply_flaw(name: str | None, beats: Sequence[Beat]) -> list[Beat]:
    """Break a script.

    Args:
        name: A flaw of :data:`FLAWS`; None leaves the script as it is.
    """
    return list(beats) if name is None else FLAWS[name](beats)
