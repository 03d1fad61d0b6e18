"""What is going on in a session, and what every event does to it: the only tables of playback.

Rules:
    Everything that an event opens, closes or begins is in these tables, and all code follows them: fault rules, by the
    events as they arrive (:mod:`.lifecycle`); the order of processing (:mod:`.ordering`); findings, report and lanes,
    through the trace (:mod:`.playback`). So they cannot disagree.

Theory of operation:
    Four machines run side by side, each moved by events of its own.

    *Ads.* An ad break opens and closes, and ads open and close in it. A session is in ``main`` content; in a break
    before its first ad (``due``); in an ``ad``; or in the ``gap`` after an ad. The back end ignores an event without a
    cell in the row of the state, such as ad events outside a break (Adobe, Media Collection API, "Events request"). A
    break that opens inside another replaces it and ends its ad: the time must belong to something. An ad that starts
    inside another replaces it too.

    *Player.* It plays, is paused or buffers from the event that says so until another one does (Adobe, Streaming Media
    guide, metrics overview: durations are the time while a state is active). An ad plays from its adStart on, also
    without a play, and after the break the player does what it did before: Adobe's timelines send a play after a
    pre-roll but none after a mid-roll.

    *Chapter.* One at a time; a new one replaces the one that is open.

    *Player states*, such as fullscreen, are on or off independently, by their names (Adobe, "Player state overview").
    Turning on a state that is on, or off one that is off, is ignored.

    An event that moves no machine, such as a ping, changes nothing. :data:`IRREGULAR` names the moves that the pages
    about ads and chapters do not allow but that happen.
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
"""The ad state after an event; an ad event without a cell is ignored."""

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
"""What the player does after an event that is not ignored; adBreakComplete restores what it did before the break."""

STATES: Mapping[str, bool] = MappingProxyType({"stateStart": True, "stateEnd": False})
"""Whether the player state that an event names is on after it; a statesUpdate turns some on and some off."""

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
"""Events that should not come in a state: opening what is open, and playback in a break before its first ad."""
