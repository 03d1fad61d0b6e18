"""The events of one session, second by second, as a careful player reports them.

What a careful player does: pings every 10 seconds since the last event, also while paused and buffering (Adobe,
"Sending pings"); ads only inside a break, the playhead standing still meanwhile, play after the pre-roll but not before
it; a seek as pauseStart and play; one millisecond at least between two events (Adobe, "Controlling the order of
events").
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from mockserver.simulation.content import Content

__all__ = ["Beat", "write_script"]

_PING_S = 10
_LIVE_WATCHED_S = 90
_SECOND_OF_DAY = 20 * 3600


class Beat(msgspec.Struct, frozen=True):
    """One event of a script.

    Args:
        at_ms: When it is sent, in milliseconds since the sessionStart.
        event_type: Adobe's event type.
        playhead_s: Where the content is: for live content the second of the day.
        params: Its params; None for none.
        qoe: Its qoeData; None for none.
        metadata: Its customMetadata; None for none.
    """

    at_ms: int
    event_type: str
    playhead_s: float
    params: dict[str, Any] | None = None
    qoe: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None


class _Take:
    """A session while it is being written."""

    def __init__(self, content: Content, random: Random) -> None:
        self.beats: list[Beat] = []
        self.random = random
        self._now_ms = 0
        self._playhead_s = float(_SECOND_OF_DAY if content.live else 0)
        self._last_ms = 0
        self._ads = 0
        self._breaks = 0

    def event(self, event_type: str, params: dict[str, Any] | None = None, **more: Any) -> None:
        """Send an event a moment after the last one."""
        if self.beats and self._now_ms <= self.beats[-1].at_ms:
            self._now_ms = self.beats[-1].at_ms + 1
        self.beats.append(Beat(self._now_ms, event_type, round(self._playhead_s, 3), params, **more))
        self._last_ms = self._now_ms

    def spend(self, seconds: float, *, moving: bool) -> None:
        """Let time pass, with the pings that are due."""
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


def write_script(content: Content, seed: int) -> list[Beat]:
    """Write a session; the same content and seed give the same.

    Content on demand is watched to its end, with a pre-roll, a mid-roll, two chapters, a pause, a buffer and a change
    of bitrate; live content for a minute and a half.
    """
    take = _Take(content, Random(f"script/{seed}"))
    take.event("sessionStart", content.params, metadata=content.metadata)
    _write_live(take) if content.live else _write_vod(take, content.length_s)
    return take.beats


def _write_live(take: _Take) -> None:
    take.event("play", qoe=_quality(take.random, 3200))
    take.spend(_LIVE_WATCHED_S / 2, moving=True)
    take.event("stateStart", {"media.state.name": "mute"})
    take.spend(_LIVE_WATCHED_S / 2, moving=True)
    take.event("stateEnd", {"media.state.name": "mute"})
    take.event("sessionEnd")


def _write_vod(take: _Take, length_s: float) -> None:
    half_s = length_s / 2
    take.ad_break("pre-roll", (take.random.choice((5, 10, 15)), take.random.choice((5, 10))))
    take.event("play", qoe=_quality(take.random, 3200))
    take.chapter(1, half_s)
    take.spend(half_s / 2, moving=True)
    take.event("bitrateChange", qoe=_quality(take.random, 4500))
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


def _quality(random: Random, bitrate: int) -> dict[str, Any]:
    return {
        "media.qoe.bitrate": bitrate,
        "media.qoe.droppedFrames": random.randrange(5),
        "media.qoe.framesPerSecond": 25,
        "media.qoe.timeToStart": 900,
    }
