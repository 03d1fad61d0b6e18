"""What is going on in a session, and what every event does to it: one table, read by all who ask.

Rules:
    Everything that knows what an event opens, closes or begins stands here. Whoever asks what is going on follows these
    tables: fault rules by the events as they arrive (:mod:`.lifecycle`), the order of processing
    (:mod:`.ordering`), and findings, report and lanes through the trace (:mod:`.playback`). So no two can disagree.

Theory of operation:
    Four machines run side by side, each moved by events of its own.

    *Ads.* An ad break opens and closes, and ads open and close in it. A session is in ``main`` content; in a break that
    is ``due`` an ad; in an ``ad``; or in the ``gap`` between two. What has no cell in the row of the state is ignored
    by the back end, ad events outside a break above all (Adobe, Media Collection API, "Events request"). A break that
    opens inside another takes its place, and ends its ad: time has to go somewhere. An ad that starts inside another
    takes its place too.

    *Player.* It plays, is paused or buffers since the last event that said so; nothing else stops it (Adobe, Streaming
    Media guide, metrics overview: durations are the time while a state is active). An ad plays from its adStart on,
    also without a play, and when the break is over the player does what it did before: Adobe's timelines send a play
    after a pre-roll but none after a mid-roll.

    *Chapter.* One at a time; the next one takes the place of the one that is open.

    *Player states*, such as fullscreen, are on or off, each by itself, by their names (Adobe, "Player state overview").
    What turns on what is on, or off what is off, is ignored.

    An event that moves no machine, such as a ping, changes nothing. :data:`IRREGULAR` names the moves that the pages
    about ads and chapters do not allow and that happen all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from mockserver.model.session import AdState

__all__ = ["ADS", "CHAPTER", "IRREGULAR", "PLAYER", "STATES", "Player"]


class Player(str, Enum):
    """What the player does. ``stopped`` only after an error, and only if errors stop playback."""

    STARTING = "starting"
    PLAYING = "playing"
    PAUSED = "paused"
    BUFFERING = "buffering"
    STOPPED = "stopped"


ADS: Mapping[AdState, Mapping[str, AdState]] = MappingProxyType(
    {
        "main": {"adBreakStart": "due"},
        "due": {"adBreakStart": "due", "adStart": "ad", "adBreakComplete": "main"},
        "ad": {
            "adBreakStart": "due",
            "adStart": "ad",
            "adComplete": "gap",
            "adSkip": "gap",
            "adBreakComplete": "main",
        },
        "gap": {"adBreakStart": "due", "adStart": "ad", "adBreakComplete": "main"},
    }
)
"""Where a session is with its ads after an event; without a cell the event is ignored, if it is one about ads."""

CHAPTER: Mapping[bool, Mapping[str, bool]] = MappingProxyType(
    {
        False: {"chapterStart": True},
        True: {"chapterStart": True, "chapterComplete": False, "chapterSkip": False},
    }
)
"""Whether a chapter is open after an event."""

PLAYER: Mapping[str, Player] = MappingProxyType(
    {
        "play": Player.PLAYING,
        "pauseStart": Player.PAUSED,
        "bufferStart": Player.BUFFERING,
        "adStart": Player.PLAYING,
    }
)
"""What the player does after an event that is not ignored; adBreakComplete gives back what it did before the break."""

STATES: Mapping[str, bool] = MappingProxyType({"stateStart": True, "stateEnd": False})
"""Whether the player state that an event names is on after it; a statesUpdate names some of either."""

IRREGULAR: frozenset[tuple[AdState | bool, str]] = frozenset(
    {
        ("due", "adBreakStart"),
        ("ad", "adBreakStart"),
        ("gap", "adBreakStart"),
        ("ad", "adStart"),
        ("due", "play"),
        ("due", "pauseStart"),
        ("due", "bufferStart"),
        ("due", "ping"),
        (True, "chapterStart"),
    }
)
"""What ought not to come in a state: an opening of what is open, and playback in a break before its first ad."""
