"""The events of one session, second by second, as a careful player reports them.

What a careful player does: pings every 10 seconds since the last event, also while paused and buffering (Adobe,
"Sending pings"); ads only inside a break, during which the playhead does not move; play after the pre-roll, not before
it; a seek as pauseStart and play; one millisecond at least between two events (Adobe, "Controlling the order of
events").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from mockserver.simulation.content import Programme

__all__ = ["Beat", "write_script"]

_PING_S = 10
_LIVE_WATCHED_S = 90
_SECOND_OF_DAY = 20 * 3600


class Beat(msgspec.Struct, frozen=True):
    """One event of a script.

    Args:
        at_ms: When it is sent, in milliseconds since the sessionStart.
        event_type: Adobe's event type.
        playhead_s: The position in the content; for live content the second of the day.
        params: Its params; None for none.
        qoe: Its qoeData; None for none.
        metadata: Its customMetadata; None for none.
        off_ms: The error of its ``ts``, in milliseconds; only broken players have one.
    """

    at_ms: int
    event_type: str
    playhead_s: float
    params: dict[str, Any] | None = None
    qoe: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None
    off_ms: int = 0


class _Take:
    """A session while it is being written."""

    def __init__(self, content: Programme, random: Random) -> None:
        self.beats: list[Beat] = []
        self.random = random
        self._now_ms = 0
        self._playhead_s = float(_SECOND_OF_DAY if content.kind == "live" else 0)
        self._last_ms = 0
        self._dropped = 0
        self._ads = 0
        self._breaks = 0

    def event(self, event_type: str, params: dict[str, Any] | None = None, **more: Any) -> None:
        """Send an event a moment after the last one."""
        if self.beats and self._now_ms <= self.beats[-1].at_ms:
            self._now_ms = self.beats[-1].at_ms + 1
        self.beats.append(Beat(self._now_ms, event_type, round(self._playhead_s, 3), params, **more))
        self._last_ms = self._now_ms

    def spend(self, seconds: float, *, moving: bool) -> None:
        """Let time pass, sending the pings that are due."""
        end_ms = self._now_ms + round(seconds * 1000)
        while self._last_ms + _PING_S * 1000 < end_ms:
            self._move(self._last_ms + _PING_S * 1000, moving)
            self.event("ping")
        self._move(end_ms, moving)

    def _move(self, to_ms: int, moving: bool) -> None:
        if moving:
            self._playhead_s += (to_ms - self._now_ms) / 1000
        self._now_ms = to_ms

    def ad_break(self, name: str, lengths_s: tuple[int, ...], *, skipped: bool = False) -> None:
        """Show ads."""
        self._breaks += 1
        pod = {
            "media.ad.podIndex": self._breaks,
            "media.ad.podSecond": round(self._playhead_s, 3),
            "media.ad.podFriendlyName": name,
        }
        self.event("adBreakStart", pod)
        for position, length_s in enumerate(lengths_s, 1):
            self._ads += 1
            params = {
                "media.ad.id": f"ad-{self._ads}",
                "media.ad.length": length_s,
                "media.ad.podPosition": position,
                "media.ad.playerName": "simulated ad player",
                "media.ad.name": f"advertisement {self._ads}",
            }
            self.event("adStart", params)
            last_and_skipped = skipped and position == len(lengths_s)
            self.spend(length_s / 2 if last_and_skipped else length_s, moving=False)
            self.event("adSkip" if last_and_skipped else "adComplete")
        self.event("adBreakComplete")

    def chapter(self, index: int, length_s: float) -> None:
        """Open a chapter."""
        self.event(
            "chapterStart",
            {
                "media.chapter.index": index,
                "media.chapter.offset": round(self._playhead_s, 3),
                "media.chapter.length": length_s,
                "media.chapter.friendlyName": f"chapter {index}",
            },
        )

    def quality(self, bitrate: int) -> dict[str, Any]:
        """Return what the player measures; dropped frames are counted from the start."""
        self._dropped += self.random.randrange(5)
        return {
            "media.qoe.bitrate": bitrate,
            "media.qoe.droppedFrames": self._dropped,
            "media.qoe.framesPerSecond": 25,
            "media.qoe.timeToStart": 900,
        }

    def state(self, event_type: str, name: str) -> None:
        """Switch a state of the player on or off."""
        self.event(event_type, {"media.state.name": name})


def write_script(content: Programme, seed: int) -> list[Beat]:
    """Write a session; its kind of content decides what happens. The same content and seed give the same session."""
    take = _Take(content, Random(f"script/{seed}"))
    take.event("sessionStart", content.params, metadata=content.metadata)
    _WRITERS[content.kind](take, content.length_s)
    return take.beats


def _write_live(take: _Take, length_s: float) -> None:
    take.event("play", qoe=take.quality(3200))
    take.spend(_LIVE_WATCHED_S / 4, moving=True)
    take.state("stateStart", "fullScreen")
    take.spend(_LIVE_WATCHED_S / 4, moving=True)
    take.event("bitrateChange", qoe=_bitrate(take.random.choice((1800, 4500))))
    take.state("stateStart", "mute")
    take.spend(_LIVE_WATCHED_S / 4, moving=True)
    take.state("stateEnd", "mute")
    take.event("bitrateChange", qoe=_bitrate(3200))
    take.spend(_LIVE_WATCHED_S / 4, moving=True)
    take.state("stateEnd", "fullScreen")
    take.event("sessionEnd")


def _write_short(take: _Take, length_s: float) -> None:
    take.event("play", qoe=take.quality(1800))
    early_s = take.random.choice((4, 6, 8))
    take.spend(early_s, moving=True)
    take.state("stateStart", "fullScreen")
    take.spend(length_s - early_s - 2, moving=True)
    take.state("stateEnd", "fullScreen")
    take.spend(2, moving=True)
    take.event("sessionComplete")


def _write_audio(take: _Take, length_s: float) -> None:
    third_s = length_s / 3
    take.event("play", qoe={"media.qoe.bitrate": 128, "media.qoe.timeToStart": 400})
    for index in (1, 2, 3):
        take.chapter(index, third_s)
        take.spend(third_s / 2, moving=True)
        if index == 2:
            take.event("pauseStart")
            take.spend(take.random.choice((8, 15)), moving=False)
            take.event("play")
        take.spend(third_s / 2, moving=True)
        take.event("chapterComplete")
    take.event("sessionComplete")


def _write_abandoned(take: _Take, length_s: float) -> None:
    take.ad_break("pre-roll", (take.random.choice((5, 10)),))
    take.event("play", qoe=take.quality(3200))
    take.spend(length_s / 4, moving=True)
    take.event("bitrateChange", qoe=_bitrate(4500))
    take.spend(length_s / 4 + take.random.choice((7, 12)), moving=True)


def _write_vod(take: _Take, length_s: float) -> None:
    half_s = length_s / 2
    take.ad_break("pre-roll", (take.random.choice((5, 10, 15)), take.random.choice((5, 10))))
    take.event("play", qoe=take.quality(3200))
    take.chapter(1, half_s)
    take.spend(half_s / 2, moving=True)
    take.event("bitrateChange", qoe=take.quality(4500))
    take.event("bufferStart")
    take.spend(take.random.choice((1, 2, 3)), moving=False)
    take.event("play")
    take.spend(half_s / 2, moving=True)
    take.event("chapterComplete")
    take.ad_break("mid-roll", (take.random.choice((10, 15, 20)),), skipped=take.random.random() < 0.5)
    take.chapter(2, half_s)
    take.spend(half_s / 2, moving=True)
    take.event("pauseStart")
    take.spend(take.random.choice((5, 25)), moving=False)
    take.event("play")
    take.spend(half_s / 2, moving=True)
    take.event("chapterComplete")
    take.event("sessionComplete")


def _bitrate(bitrate: int) -> dict[str, Any]:
    return {"media.qoe.bitrate": bitrate}


_WRITERS: Mapping[str, Callable[[_Take, float], None]] = {
    "vod": _write_vod,
    "live": _write_live,
    "short": _write_short,
    "audio": _write_audio,
    "abandoned": _write_abandoned,
}
