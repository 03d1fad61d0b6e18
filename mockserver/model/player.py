"""Simulated players: what is asked of them, and what they did."""

from __future__ import annotations

from typing import Literal

import msgspec

from mockserver.model.results import Meta

__all__ = ["Choice", "PlayerCommand", "PlayerPage", "PlayerState", "PlayerView", "Speed"]

Speed = float | Literal["max"]
"""Seconds of the script per second; ``max`` waits for nothing."""

PlayerState = Literal["running", "done", "stopped", "failed"]


class PlayerCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let simulated players play against this server.

    Args:
        count: How many, each with a session of its own; the nth has the nth seed from ``seed`` on.
        content: What they play: a name of ``contents``.
        flaw: What is broken about them: a name of ``flaws``; None for careful players.
        speed: Seconds of the session per real second, more than 0, or ``max`` for no waiting.
        seed: The same seed plays the same; None draws one.
    """

    count: int = 1
    content: str = "vod"
    flaw: str | None = None
    speed: Speed = 1.0
    seed: int | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to choose, and what it does in one sentence."""

    name: str
    text: str


class PlayerView(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated player.

    Args:
        title: The name of what it plays.
        state: Whether it plays on, came to the end of its session, was stopped, or could open no session.
        session_ids: Its sessions so far: more than one when it had to open one anew.
        events: How many events it has sent.
        refused: How many of them were not answered 201 or 204.
        last_event: The type of the last one.
        last_status: How that was answered; None when there was no answer.
        error: Why it failed.
    """

    id: str
    content: str
    title: str
    flaw: str | None
    seed: int
    speed: Speed
    state: PlayerState = "running"
    session_ids: tuple[str, ...] = ()
    events: int = 0
    refused: int = 0
    last_event: str | None = None
    last_status: int | None = None
    error: str | None = None


class PlayerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Simulated players, the first one first, and what players can be asked for.

    Args:
        most: How many can play at once, in all namespaces together.
    """

    players: list[PlayerView]
    contents: list[Choice]
    flaws: list[Choice]
    most: int
    meta: Meta
